" As deep as the line above, and deeper behind a colon.
if exists("b:did_indent")
  finish
endif
let b:did_indent = 1
setlocal indentexpr=PlasIndent(v:lnum) indentkeys=o,O,!^F autoindent
let b:undo_indent = "setlocal indentexpr< indentkeys< autoindent<"

function! PlasIndent(number)
  let above = prevnonblank(a:number - 1)
  return indent(above) + (getline(above) =~# '^[^#]*:\s*\(#.*\)\?$' ? shiftwidth() : 0)
endfunction
