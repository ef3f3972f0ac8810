"""Turn the weights of a language model into the form that suits the machine."""

from __future__ import annotations

from typing import Any

from engine.models.device import Device, choose_form


def settle_device(network: Any, device: Device, *, fast_blas: bool) -> str:
    """Turn packed weights into float32 on a CPU, where that fits; else prepare them for it.

    Returns what computes, in words.
    """
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import dequantize_model

    quantized = any("scales" in name for name, _ in tree_flatten(network.parameters()))
    packed = {
        f"{name}.weight": int(module.bits)
        for name, module in network.named_modules()
        if hasattr(module, "bits")
    }
    count = sum(
        int(values.size) * 32 // packed.get(name, 32)
        for name, values in tree_flatten(network.parameters())
    )
    form = choose_form(device, numbers=count, packed=quantized, fast_blas=fast_blas)
    if form.floats:
        if quantized:
            dequantize_model(network)
        network.set_dtype(mx.float32)
    elif form.on_cpu and quantized:
        from engine.guided.packed import prepare

        prepare(network)
    return form.device_path
