;;; plas-mode.el --- Models of plasticdsl  -*- lexical-binding: t; coding: utf-8 -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages

;;; Commentary:

;; Colours, indentation and the language server for .plas files: (require 'plas-mode)
;; in the init file, then M-x eglot in a file.  Written by editors/write.py from the
;; table of words of plasticdsl.

;;; Code:

(defconst plas-blocks '("neuron" "synapse" "rule" "network" "experiment" "function" "use" "table"))
(defconst plas-statements '("conserved" "data" "event" "every" "expect" "fit" "grow" "input" "method" "on" "output" "phase" "plot" "prune" "reactions" "record" "refractory" "repeat" "rules" "spike" "start" "sweep" "truncate" "update"))
(defconst plas-reserved '("Sum" "and" "as" "at" "each" "every" "for" "from" "if" "in" "not" "or" "otherwise" "over" "to" "until" "when" "where" "with"))
(defconst plas-inside '("above" "again" "all" "asynchronously" "axonal" "below" "centered" "centred" "connections" "decreases" "delay" "dendritic" "deterministic" "diameter" "end" "epochs" "except" "falls" "fixed" "flipped" "hold" "image" "in-degree" "increases" "inside" "last" "length" "like" "linear" "located" "log" "logarithmic" "map" "matrix" "maximise" "maximize" "minimise" "minimize" "most" "nearest" "never" "of" "off" "one" "order" "out-degree" "pairs" "patterns" "pause" "post" "pre" "random" "rate" "redrawn" "reduced" "repeats" "rises" "segments" "self" "shuffled" "stable" "step" "stochastic" "substeps" "synchronously" "times" "titled" "tolerance" "trials" "up" "values" "volume" "vs" "while" "within"))
(defconst plas-units '("%" "A" "C" "F" "GA" "GHz" "GJ" "GN" "GPa" "GS" "GV" "GW" "Gohm" "GΩ" "GΩ" "Hz" "J" "K" "L" "M" "MA" "MHz" "MJ" "MN" "MPa" "MS" "MV" "MW" "MeV" "Mohm" "MΩ" "MΩ" "N" "Pa" "S" "TA" "THz" "TJ" "TN" "TS" "TV" "TW" "Tohm" "TΩ" "TΩ" "V" "W" "cL" "cd" "cl" "cm" "eV" "fA" "fC" "fF" "fJ" "fL" "fM" "fN" "fS" "fV" "fW" "fg" "fl" "fm" "fmol" "fs" "g" "h" "kA" "kC" "kHz" "kJ" "kN" "kPa" "kS" "kV" "kW" "keV" "kg" "km" "kmol" "kohm" "ks" "kΩ" "kΩ" "l" "m" "mA" "mC" "mF" "mHz" "mJ" "mK" "mL" "mM" "mN" "mPa" "mS" "mV" "mW" "mcd" "meV" "mg" "min" "ml" "mm" "mmol" "mohm" "mol" "ms" "mΩ" "mΩ" "nA" "nC" "nF" "nJ" "nL" "nM" "nN" "nS" "nV" "nW" "ng" "nl" "nm" "nmol" "ns" "ohm" "pA" "pC" "pF" "pJ" "pL" "pM" "pN" "pS" "pV" "pW" "pg" "pl" "pm" "pmol" "ps" "s" "uA" "uC" "uF" "uJ" "uL" "uM" "uN" "uS" "uV" "uW" "ug" "ul" "um" "umol" "uohm" "us" "uΩ" "uΩ" "µA" "µC" "µF" "µJ" "µL" "µM" "µN" "µS" "µV" "µW" "µg" "µl" "µm" "µmol" "µohm" "µs" "µΩ" "µΩ" "Ω" "μA" "μC" "μF" "μJ" "μL" "μM" "μN" "μS" "μV" "μW" "μg" "μl" "μm" "μmol" "μohm" "μs" "μΩ" "μΩ" "Ω"))

(defvar plas-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?# "<" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?₊ "w" table)
    (modify-syntax-entry ?₋ "w" table)
    table))

(defvar plas-font-lock-keywords
  `((,(concat "^\\(" (regexp-opt plas-blocks) "\\)\\_>\\s-*\\(\\sw*\\)")
     (1 font-lock-keyword-face) (2 font-lock-type-face))
    (,(concat "^\\s-+\\(" (regexp-opt plas-statements) "\\)\\_>\\s-*\\(?:[^=→~∈. \t]\\|$\\)") 1 font-lock-keyword-face)
    (,(regexp-opt plas-reserved 'words) . font-lock-keyword-face)
    (,(concat "[0-9½] ?\\(" (regexp-opt plas-units) "\\)\\_>") 1 font-lock-type-face)
    ("\\(\\sw+\\)(" 1 font-lock-function-name-face)
    (,(concat "\\_<\\(" (regexp-opt plas-inside) "\\)\\_>\\s-+[[:alnum:]]") 1 font-lock-builtin-face)))

(defun plas--depth ()
  "How deep a line here stands: as the one above, deeper behind a colon."
  (save-excursion
    (forward-line 0)
    (skip-chars-backward " \t\n")
    (let ((state (syntax-ppss)))
      (when (nth 4 state)
        (goto-char (nth 8 state))
        (skip-chars-backward " \t"))
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
(add-to-list 'auto-mode-alist '("\\.plas\\'" . plas-mode))

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
