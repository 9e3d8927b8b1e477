"""From LLVM's text to object code for this processor, optimised as numba does it.

Comes in: the text of a module. Goes out: its object code, and the symbols that it expects to find in the process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

#: Library functions that LLVM may call for its own instructions.
_OF_INSTRUCTIONS = ("fmod", "memcpy", "memmove", "memset")
_INTRINSICS = ("exp", "exp2", "log", "log2", "log10", "pow", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "fma")


def assembled(text: str) -> tuple[bytes, tuple[str, ...]]:
    """Object code, and what it expects from outside. Raises RuntimeError where LLVM does not understand the text."""
    module = optimised(text)
    return _target().emit_object(module), _externals(module)


def optimised(text: str) -> Any:
    """The module as LLVM has it after all its passes."""
    import llvmlite.binding as llvm

    target, module = _target(), llvm.parse_assembly(text)
    module.triple, module.data_layout = target.triple, str(target.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization, options.slp_vectorization = True, False
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    return module


@lru_cache(maxsize=1)
def _target() -> Any:
    """What this processor has."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=_features(llvm.get_host_cpu_features()),
        opt=3,
        reloc="static" if llvm.get_process_triple().startswith(("x86", "i")) else "default",
        codemodel="jitdefault",
        jit=True,
    )


def _features(host: Any) -> str:
    """What the processor can do. LLVM keeps to vectors of 256 bits, since early processors with 512 ran slower while they used them; those that have
    `avx512vbmi2` no longer do. Results are the same bits: elements are computed each by itself."""
    found: str = host.flatten()
    return f"{found},-prefer-256-bit" if host.get("avx512vbmi2") else found


def _externals(module: Any) -> tuple[str, ...]:
    declared = {f.name for f in module.functions if f.is_declaration} | {g.name for g in module.global_variables if g.is_declaration}
    plain = {name for name in declared if not name.startswith("llvm.")}
    words = {name.split(".")[1] for name in declared if name.startswith("llvm.")}
    return tuple(sorted(plain | {w for w in _INTRINSICS if w in words} | set(_OF_INSTRUCTIONS)))
