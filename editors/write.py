"""Writes what editors know of the language from the table of words: the TextMate grammar of VS Code, and the syntax files of Vim and Emacs.

Run as a script after a change of words, units or colours; `tests/editor/test_grammars.py` compares.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plasticdsl.editor import built_in
from plasticdsl.syntax.colours import Colour, Rule, rules
from plasticdsl.syntax.words import BLOCKS, FIRST_WORDS, FOREIGN, INSIDE, RESERVED
from plasticdsl.units.table import unit_words

HERE = Path(__file__).resolve().parent

#: Colours as TextMate scopes; blanks have none.
_SCOPES: Mapping[Colour, str] = {
    Colour.COMMENT: "comment.line.number-sign",
    Colour.DOC: "comment.block.documentation",
    Colour.STRING: "string.quoted.double",
    Colour.BLOCK: "storage.type",
    Colour.BLOCK_NAME: "entity.name.type",
    Colour.PHASE_NAME: "entity.name.label",
    Colour.KEYWORD: "keyword.control",
    Colour.NUMBER: "constant.numeric",
    Colour.UNIT: "keyword.other.unit",
    Colour.FUNCTION: "entity.name.function",
    Colour.NAME: "variable.other",
    Colour.MATHEMATICS: "keyword.operator.mathematics",
    Colour.OPERATOR: "keyword.operator",
    Colour.PUNCTUATION: "punctuation",
}


def _plain(pattern: str) -> str:
    r"""A pattern with `\x{0300}` in place of `\u0300`, as Oniguruma writes it."""
    return re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", pattern)


def _rule(rule: Rule) -> dict[str, Any]:
    match = _plain(rule.pattern)
    if not rule.grouped:
        return {"match": match, "name": f"{_SCOPES[rule.colours[0]]}.plas"}
    captures = {
        str(number): {"name": f"{_SCOPES[colour]}.plas"} for number, colour in enumerate(rule.colours, 1) if colour is not Colour.BLANK
    }
    return {"match": match, "captures": captures}


def textmate() -> str:
    """The grammar of VS Code, and of whatever else takes TextMate's."""
    doc = {"begin": '"""', "end": '"""', "name": f"{_SCOPES[Colour.DOC]}.plas"}
    grammar = {
        "$schema": "https://json.schemastore.org/tmlanguage.json",
        "comment": "Written by editors/write.py from the table of words of plasticdsl.",
        "name": "plas",
        "scopeName": "source.plas",
        "fileTypes": ["plas"],
        "patterns": [doc, *map(_rule, rules())],
    }
    return json.dumps(grammar, ensure_ascii=False, indent=2) + "\n"


# --- Vim and Emacs: words alone, the language server knows better -----------------------------------------------------


def _firsts() -> list[str]:
    return sorted({word for words in FIRST_WORDS.values() for word in words} - {*BLOCKS, "function", "use", "table"})


def vim() -> str:
    """A syntax file for Vim and Neovim."""
    units = "|".join(sorted(map(re.escape, unit_words()), key=lambda word: (-len(word), word))).replace("%", r"\%")
    functions = " ".join(sorted(name for name in {*built_in.FUNCTIONS, *built_in.STATISTICS} if name.isascii()))
    return f"""" Vim syntax file for .plas models. Written by editors/write.py from the table of words of plasticdsl.
if exists("b:current_syntax")
  finish
endif
syntax case match
syntax iskeyword @,48-57,_,192-255
syntax keyword plasReserved {" ".join(sorted(RESERVED - FOREIGN))}
syntax match plasBlock /\\v^({"|".join((*BLOCKS, "function", "use", "table"))})>/
syntax match plasStatement /\\v^\\s+({"|".join(_firsts())})>(\\s*[=→~∈.])@!/
syntax match plasInside /\\v<({"|".join(sorted(INSIDE))})>(\\s*[=→~∈.(])@!/
syntax keyword plasFunction {functions}
syntax match plasNumber /\\v<[0-9]+(\\.[0-9]*)?([eE][+-−]?[0-9]+)?|[½⅓¼⅔¾]/
syntax match plasUnit /\\v([0-9½] ?)@<=({units})([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?([/·*]({units})([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)*[[:alnum:]_₊₋]@!/
syntax match plasSign /[Σ∑∂√→⇌≤≥≠≈±∈·−⟨⟩]/
syntax region plasString start=/"/ end=/"/ oneline
syntax region plasDoc start=/\"\"\"/ end=/\"\"\"/
syntax match plasComment /#.*$/
highlight default link plasReserved Keyword
highlight default link plasBlock Structure
highlight default link plasStatement Statement
highlight default link plasInside Keyword
highlight default link plasFunction Function
highlight default link plasNumber Number
highlight default link plasUnit Type
highlight default link plasSign Operator
highlight default link plasString String
highlight default link plasDoc SpecialComment
highlight default link plasComment Comment
let b:current_syntax = "plas"
"""


def emacs() -> str:
    """A mode for Emacs, which starts the language server by eglot."""

    def listed(words: list[str] | tuple[str, ...]) -> str:
        return " ".join(json.dumps(word, ensure_ascii=False) for word in words)

    return f""";;; plas-mode.el --- Models of plasticdsl  -*- lexical-binding: t; coding: utf-8 -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, indentation and the language server for .plas files: (require 'plas-mode)
;; in the init file, then M-x eglot in a file.  Written by editors/write.py from the
;; table of words of plasticdsl.

;;; Code:

(defconst plas-blocks '({listed((*BLOCKS, "function", "use", "table"))}))
(defconst plas-statements '({listed(_firsts())}))
(defconst plas-reserved '({listed(sorted(RESERVED - FOREIGN))}))
(defconst plas-inside '({listed(sorted(INSIDE))}))
(defconst plas-units '({listed(sorted(unit_words()))}))

(defvar plas-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\\n ">" table)
    (modify-syntax-entry ?\\" "\\"" table)
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?₊ "w" table)
    (modify-syntax-entry ?₋ "w" table)
    table))

(defvar plas-font-lock-keywords
  `((,(concat "^\\\\(" (regexp-opt plas-blocks) "\\\\)\\\\_>\\\\s-*\\\\(\\\\sw*\\\\)")
     (1 font-lock-keyword-face) (2 font-lock-type-face))
    (,(concat "^\\\\s-+\\\\(" (regexp-opt plas-statements) "\\\\)\\\\_>\\\\s-*\\\\(?:[^=→~∈. \\t]\\\\|$\\\\)") 1 font-lock-keyword-face)
    (,(regexp-opt plas-reserved 'words) . font-lock-keyword-face)
    (,(concat "[0-9½] ?\\\\(" (regexp-opt plas-units) "\\\\)\\\\_>") 1 font-lock-type-face)
    ("\\\\(\\\\sw+\\\\)(" 1 font-lock-function-name-face)
    (,(concat "\\\\_<\\\\(" (regexp-opt plas-inside) "\\\\)\\\\_>\\\\s-+[[:alnum:]]") 1 font-lock-builtin-face)))

(defun plas--depth ()
  "How deep a line here stands: as the one above, deeper behind a colon."
  (save-excursion
    (forward-line 0)
    (skip-chars-backward " \\t\\n")
    (let ((state (syntax-ppss)))
      (when (nth 4 state)
        (goto-char (nth 8 state))
        (skip-chars-backward " \\t"))
      (+ (current-indentation)
         (if (and (eq (char-before) ?:) (not (nth 3 state))) tab-width 0)))))

(defun plas-indent-line ()
  "Indent as the line above, deeper behind a colon; at once again, less."
  (interactive)
  (let* ((now (current-indentation))
         (again (and (eq this-command 'indent-for-tab-command) (eq last-command this-command)))
         (depth (if (and again (> now 0)) (* tab-width (/ (1- now) tab-width)) (plas--depth))))
    (if (<= (current-column) now)
        (indent-line-to depth)
      (save-excursion (indent-line-to depth)))))

;;;###autoload
(define-derived-mode plas-mode prog-mode "plas"
  "Major mode for models of plasticdsl."
  (setq-local comment-start "# ")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil)
  (setq-local tab-width 4)
  (setq-local indent-line-function #'plas-indent-line)
  (setq-local electric-indent-inhibit t)
  (setq-local font-lock-defaults '(plas-font-lock-keywords)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\\\.plas\\\\'" . plas-mode))

(defvar eglot-server-programs)
(declare-function eglot-current-server "eglot")
(declare-function eglot-client-capabilities "eglot")
(declare-function eglot--TextDocumentIdentifier "eglot")
(declare-function jsonrpc-request "jsonrpc")

(defun plas--ask (command &rest arguments)
  "Have the server carry out COMMAND for this text, with ARGUMENTS."
  (let ((server (or (and (fboundp 'eglot-current-server) (eglot-current-server))
                    (user-error "The server does not run: M-x eglot starts it")))
        (uri (plist-get (eglot--TextDocumentIdentifier) :uri)))
    (jsonrpc-request server :workspace/executeCommand
                     (list :command command :arguments (apply #'vector uri arguments)))))

(defun plas-preview ()
  "Open a page that follows this text in the browser: windows, planes."
  (interactive)
  (let ((page (plas--ask "plasticdsl.preview"))
        (window (plist-get (eglot-client-capabilities (eglot-current-server)) :window)))
    ;; Where eglot can show addresses, the server has asked it to.
    (when (and page (memq (plist-get (plist-get window :showDocument) :support) '(nil :json-false)))
      (browse-url page))))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '(plas-mode . ("plasticdsl" "lsp"))))

(provide 'plas-mode)
;;; plas-mode.el ends here
"""


#: What is written where.
FILES = {"vscode/syntaxes/plas.tmLanguage.json": textmate, "vim/syntax/plas.vim": vim, "emacs/plas-mode.el": emacs}


def main() -> None:
    """Writes them all."""
    for name, write in FILES.items():
        path = HERE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write(), encoding="utf-8", newline="\n")
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
