autocmd BufRead,BufNewFile *.plas setfiletype plas
