"""Permanences from spike to spike: presynaptic ones every 60 ms, postsynaptic ones 20 ms later, a dendritic one where the permanence is above 10."""

from __future__ import annotations

from math import exp


def numbers() -> dict[str, float]:
    P, r, z, daps = 9.0, 0.0, 0.0, 0
    for _ in range(8):
        r += 1
        # Below the threshold or not, the synapse transmits the permanence that the last spikes have left.
        sent = P > 10
        P = max(P - 0.05 * 20, 0.0)
        # A dendritic spike is seen one step of 1 ms after the presynaptic one.
        z = z * exp(-1 / 440) + sent
        daps += sent
        r, z = r * exp(-20 / 80), z * exp(-19 / 440)
        P = min(P + 0.2 * 20 * r, 20.0)
        P = min(max(P + 0.1 * 20 * (1 - z), 0.0), 20.0)
        r, z = r * exp(-40 / 80), z * exp(-40 / 440)
    z *= exp(1 / 440)  # the last spike is 39 ms before the end
    return {"syn.P": P, "cell.z": z, "spike_count(cell.dap)": daps}
