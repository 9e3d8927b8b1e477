" Indentation and comments of .plas models.
setlocal commentstring=#\ %s expandtab shiftwidth=4 softtabstop=4 fileencoding=utf-8
let b:undo_ftplugin = "setlocal commentstring< expandtab< shiftwidth< softtabstop<"
