// The TextMate grammar on samples; and, as a program, the scopes of given texts as JSON, for tests of plasticdsl.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";

const require = createRequire(import.meta.url);
const { loadWASM, OnigScanner, OnigString } = require("vscode-oniguruma");
const { INITIAL, parseRawGrammar, Registry } = require("vscode-textmate");

async function grammar() {
  await loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
  const path = new URL("../syntaxes/plas.tmLanguage.json", import.meta.url);
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner: (s) => new OnigScanner(s), createOnigString: (s) => new OnigString(s) }),
    loadGrammar: async () => parseRawGrammar(readFileSync(path, "utf8"), "plas.tmLanguage.json"),
  });
  return registry.loadGrammarWithEmbeddedLanguages("source.plas", PLAS, embedded);
}

const PLAS = 2;
const PLAIN = 3;
const [{ embeddedLanguages }] = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).contributes.grammars;
const embedded = Object.fromEntries(Object.entries(embeddedLanguages).map(([scope, language]) => [scope, language === "plaintext" ? PLAIN : 0]));

/** The language at the end of each line, by which VS Code knows what a new line below it is like. */
function languages(found, text) {
  let state = INITIAL;
  return text.split("\n").map((line) => {
    const result = found.tokenizeLine2(line, state);
    state = result.ruleStack;
    return result.tokens[result.tokens.length - 1] & 0xff;
  });
}

/** [line, text, innermost scope] of everything that has one. */
function scopes(found, text) {
  let state = INITIAL;
  const all = [];
  text.split("\n").forEach((line, number) => {
    const result = found.tokenizeLine(line, state);
    state = result.ruleStack;
    for (const { startIndex, endIndex, scopes } of result.tokens) {
      if (scopes.length > 1) {
        all.push([number, startIndex, line.slice(startIndex, endIndex), scopes[scopes.length - 1].replace(/\.plas$/, "")]);
      }
    }
  });
  return all;
}

const plas = await grammar();

if (process.argv[2] === "--scopes") {
  const texts = JSON.parse(readFileSync(0, "utf8"));
  process.stdout.write(JSON.stringify(Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, scopes(plas, text)]))));
} else {
  const of = (text) => scopes(plas, text).map(([, , word, scope]) => `${word.trim()} ${scope}`);

  test("blocks and statements", () => {
    assert.deepEqual(of("neuron LIF like Base:\n    τ_m = 20 ms  # how fast"), [
      "neuron storage.type", "LIF entity.name.type", "like keyword.control", "Base variable.other", ": punctuation", "τ_m variable.other",
      "= keyword.operator", "20 constant.numeric", "ms keyword.other.unit", "# how fast comment.line.number-sign",
    ]);
  });

  test("a name behind a number is no unit", () => {
    assert.deepEqual(of("    A₋ = 1.05 A₊").slice(2), ["1.05 constant.numeric", "A₊ variable.other"]);
    assert.deepEqual(of("    I = 1.05 A").slice(2), ["1.05 constant.numeric", "A keyword.other.unit"]);
  });

  test("words are keywords only where they are", () => {
    assert.ok(of("    spike when V rises above V_θ").includes("rises keyword.control"));
    assert.ok(of("    phase = 3").includes("phase variable.other"));
    assert.ok(of("    phase warm for 1 s").includes("warm entity.name.label"));
    assert.ok(of("    A → B: Exc, in-degree 80, axonal delay = 1 ms").includes("axonal keyword.control"));
    assert.ok(of("    x = rate y").includes("rate variable.other"));
  });

  test("texts go over several lines", () => {
    const found = of('"""One\ntwo"""\nneuron A:');
    assert.ok(found.includes("One comment.block.documentation"));
    assert.ok(found.includes("neuron storage.type"));
  });

  test("docstrings are plain text, in which a colon indents nothing", () => {
    const text = 'neuron A:\n    """It has:\n    two parts:\n    """\n    spike when V > 1 mV:  # here\n        V → 0 mV';
    assert.deepEqual(languages(plas, text), [PLAS, PLAIN, PLAIN, PLAIN, PLAS, PLAS]);
  });
}
