// The client of `plasticdsl lsp`, and commands that run and test experiments in a terminal.

const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

/** How plasticdsl is started: a program and the arguments before any command of its own. */
function started() {
  const parts = vscode.workspace.getConfiguration("plasticdsl").get("command");
  return Array.isArray(parts) && parts.length ? parts : ["plasticdsl"];
}

/** Runs a command of plasticdsl on a file in a terminal of its own. */
async function inTerminal(command, uri, ...options) {
  const document = vscode.workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
  if (document && (document.isDirty || document.isUntitled) && !(await document.save())) {
    return;
  }
  const [program, ...before] = started();
  const task = new vscode.Task(
    { type: "plasticdsl", command },
    vscode.TaskScope.Workspace,
    `${command} ${path.basename(uri.fsPath)}`,
    "plasticdsl",
    new vscode.ProcessExecution(program, [...before, command, uri.fsPath, ...options], { cwd: path.dirname(uri.fsPath) }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, panel: vscode.TaskPanelKind.Dedicated, clear: true };
  await vscode.tasks.executeTask(task);
}

/** Options of a run: where its results go, which replace those of the run before of the same experiment and no others. */
function results(uri, experiment) {
  const out = vscode.workspace.getConfiguration("plasticdsl").get("out");
  return out ? ["--out", path.join(out, path.basename(uri.fsPath, ".plas"), experiment)] : [];
}

/** The experiments of a text, as its outline has them. */
async function experiments(uri) {
  const symbols = (await vscode.commands.executeCommand("vscode.executeDocumentSymbolProvider", uri)) || [];
  return symbols.filter((one) => one.kind === vscode.SymbolKind.Method).map((one) => one.name);
}

/** A text of plasticdsl that is shown. */
function shown() {
  const editor = vscode.window.activeTextEditor;
  return editor && editor.document.languageId === "plas" ? editor.document.uri : undefined;
}

async function runExperiment() {
  const uri = shown();
  if (!uri) {
    return;
  }
  const names = await experiments(uri);
  const name = names.length > 1 ? await vscode.window.showQuickPick(names, { placeHolder: "Which experiment?" }) : names[0];
  if (name) {
    await inTerminal("run", uri, name, ...results(uri, name));
  }
}

async function onShown(command) {
  const uri = shown();
  if (uri) {
    await inTerminal(command, uri);
  }
}

function makeClient() {
  const [command, ...before] = started();
  return new LanguageClient(
    "plasticdsl",
    "plasticdsl",
    { command, args: [...before, "lsp"] },
    {
      documentSelector: [{ language: "plas" }],
      middleware: {
        // What lenses ask for is done in a terminal here, where its progress is seen.
        executeCommand: async (name, values, next) => {
          const [uri, experiment] = values;
          switch (name) {
            case "plasticdsl.run": {
              const file = vscode.Uri.parse(uri);
              return inTerminal("run", file, experiment, ...results(file, experiment));
            }
            case "plasticdsl.test":
              return inTerminal("test", vscode.Uri.parse(uri), "--only", experiment);
            case "plasticdsl.preview": {
              const text = uri || shown();
              return text && next(name, [text.toString()]);
            }
            default:
              return next(name, values);
          }
        },
        window: {
          // A preview stands beside the text, in a browser of VS Code's own.
          showDocument: async (params, next) => {
            if (!params.external || !params.uri.startsWith("http://127.0.0.1:")) {
              return next(params);
            }
            const beside = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
            await vscode.commands.executeCommand("simpleBrowser.api.open", vscode.Uri.parse(params.uri), beside);
            return { success: true };
          },
        },
      },
    },
  );
}

async function start() {
  client = makeClient();
  try {
    await client.start();
  } catch (error) {
    complain(); // not waited for: it stands there until somebody clicks
  }
}

async function complain() {
  const words = `plasticdsl lsp could not be started (${started().join(" ")}). Install it with: pip install 'plasticdsl[lsp]'`;
  const choice = await vscode.window.showErrorMessage(words, "Open settings");
  if (choice) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "plasticdsl.command");
  }
}

async function stop() {
  const ending = client;
  client = undefined;
  if (ending) {
    await ending.stop().catch(() => undefined);
  }
}

async function restart() {
  await stop();
  await start();
}

/** @param {vscode.ExtensionContext} context */
async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("plasticdsl.runExperiment", runExperiment),
    vscode.commands.registerCommand("plasticdsl.testFile", () => onShown("test")),
    vscode.commands.registerCommand("plasticdsl.explainFile", () => onShown("explain")),
    vscode.commands.registerCommand("plasticdsl.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("plasticdsl.command") && restart()),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
