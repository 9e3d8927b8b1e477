" Vim syntax file for .plas models. Written by editors/write.py from the table of words of plasticdsl.
if exists("b:current_syntax")
  finish
endif
syntax case match
syntax iskeyword @,48-57,_,192-255
syntax keyword plasReserved Sum and as at each every for from if in not or otherwise over to until when where with
syntax match plasBlock /\v^(neuron|synapse|rule|network|experiment|function|use|table)>/
syntax match plasStatement /\v^\s+(conserved|data|event|every|expect|fit|grow|input|method|on|output|phase|plot|prune|reactions|record|refractory|repeat|rules|spike|start|sweep|truncate|update)>(\s*[=→~∈.])@!/
syntax match plasInside /\v<(above|again|all|asynchronously|axonal|below|centered|centred|connections|decreases|delay|dendritic|deterministic|diameter|end|epochs|except|falls|fixed|flipped|hold|image|in-degree|increases|inside|last|length|like|linear|located|log|logarithmic|map|matrix|maximise|maximize|minimise|minimize|most|nearest|never|of|off|one|order|out-degree|pairs|patterns|pause|post|pre|random|rate|redrawn|reduced|repeats|rises|segments|self|shuffled|stable|step|stochastic|substeps|synchronously|times|titled|tolerance|trials|up|values|volume|vs|while|within)>(\s*[=→~∈.(])@!/
syntax keyword plasFunction abs after arccos arcsin arctan argmax autocorrelogram axial before ceil chance clip contours correlation correlogram cos cosh count count_correlation cv cv2 cylinder diffusion erf exp expm1 expm1_over_x fano floor fraction histogram hold intervals isi isi_histogram ln log log10 log1p lv max mean median min mod morphology norm one_hot psth raster rate round sd sign sin sinh spectrum sphere spike_count spike_time spikes sqrt std step sum synchrony tan tanh x_over_expm1
syntax match plasNumber /\v<[0-9]+(\.[0-9]*)?([eE][+-−]?[0-9]+)?|[½⅓¼⅔¾]/
syntax match plasUnit /\v([0-9½] ?)@<=(Gohm|Mohm|Tohm|fmol|kmol|kohm|mmol|mohm|nmol|pmol|umol|uohm|µmol|µohm|μmol|μohm|GHz|GPa|MHz|MPa|MeV|THz|kHz|kPa|keV|mHz|mPa|mcd|meV|min|mol|ohm|GA|GJ|GN|GS|GV|GW|GΩ|GΩ|Hz|MA|MJ|MN|MS|MV|MW|MΩ|MΩ|Pa|TA|TJ|TN|TS|TV|TW|TΩ|TΩ|cL|cd|cl|cm|eV|fA|fC|fF|fJ|fL|fM|fN|fS|fV|fW|fg|fl|fm|fs|kA|kC|kJ|kN|kS|kV|kW|kg|km|ks|kΩ|kΩ|mA|mC|mF|mJ|mK|mL|mM|mN|mS|mV|mW|mg|ml|mm|ms|mΩ|mΩ|nA|nC|nF|nJ|nL|nM|nN|nS|nV|nW|ng|nl|nm|ns|pA|pC|pF|pJ|pL|pM|pN|pS|pV|pW|pg|pl|pm|ps|uA|uC|uF|uJ|uL|uM|uN|uS|uV|uW|ug|ul|um|us|uΩ|uΩ|µA|µC|µF|µJ|µL|µM|µN|µS|µV|µW|µg|µl|µm|µs|µΩ|µΩ|μA|μC|μF|μJ|μL|μM|μN|μS|μV|μW|μg|μl|μm|μs|μΩ|μΩ|\%|A|C|F|J|K|L|M|N|S|V|W|g|h|l|m|s|Ω|Ω)([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?([/·*](Gohm|Mohm|Tohm|fmol|kmol|kohm|mmol|mohm|nmol|pmol|umol|uohm|µmol|µohm|μmol|μohm|GHz|GPa|MHz|MPa|MeV|THz|kHz|kPa|keV|mHz|mPa|mcd|meV|min|mol|ohm|GA|GJ|GN|GS|GV|GW|GΩ|GΩ|Hz|MA|MJ|MN|MS|MV|MW|MΩ|MΩ|Pa|TA|TJ|TN|TS|TV|TW|TΩ|TΩ|cL|cd|cl|cm|eV|fA|fC|fF|fJ|fL|fM|fN|fS|fV|fW|fg|fl|fm|fs|kA|kC|kJ|kN|kS|kV|kW|kg|km|ks|kΩ|kΩ|mA|mC|mF|mJ|mK|mL|mM|mN|mS|mV|mW|mg|ml|mm|ms|mΩ|mΩ|nA|nC|nF|nJ|nL|nM|nN|nS|nV|nW|ng|nl|nm|ns|pA|pC|pF|pJ|pL|pM|pN|pS|pV|pW|pg|pl|pm|ps|uA|uC|uF|uJ|uL|uM|uN|uS|uV|uW|ug|ul|um|us|uΩ|uΩ|µA|µC|µF|µJ|µL|µM|µN|µS|µV|µW|µg|µl|µm|µs|µΩ|µΩ|μA|μC|μF|μJ|μL|μM|μN|μS|μV|μW|μg|μl|μm|μs|μΩ|μΩ|\%|A|C|F|J|K|L|M|N|S|V|W|g|h|l|m|s|Ω|Ω)([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)*[[:alnum:]_₊₋]@!/
syntax match plasSign /[Σ∑∂√→⇌≤≥≠≈±∈·−⟨⟩]/
syntax region plasString start=/"/ end=/"/ oneline
syntax region plasDoc start=/"""/ end=/"""/
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
