" As deep as the line above, and deeper behind a colon that ends no line of a docstring.
if exists("b:did_indent")
  finish
endif
let b:did_indent = 1
setlocal indentexpr=PlasIndent(v:lnum) indentkeys=o,O,!^F autoindent
let b:undo_indent = "setlocal indentexpr< indentkeys< autoindent<"

function! PlasIndent(number)
  let above = prevnonblank(a:number - 1)
  let opens = getline(above) =~# '^[^#]*:\s*\(#.*\)\?$'
  let quotes = opens ? count(join(getline(1, above), "\n"), '"""') : 0
  return indent(above) + (opens && quotes % 2 == 0 ? shiftwidth() : 0)
endfunction
