"""How strong the synapses of a layer with dendrites are at first: those of the paper's network for digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from tertium.errors import BadInput


@dataclass(frozen=True)
class Gains:
    """First strengths of the synapses of one layer; see `Projection` for what a gain and a total are.

    Attributes
    ----------
    excitation : float
        Gain, from the excitatory units below.
    inhibition : float
        Gain, from somatic interneurons to somata.
    drive : float
        Gain, from the excitatory units below to somatic interneurons.
    recruitment : float
        Gain, from the layer's excitatory units to somatic interneurons.
    mutual : float
        Gain, among somatic interneurons.
    dendritic : float
        Gain, from dendritic interneurons to dendrites.
    dendritic_recruitment : float
        Total, from the layer's excitatory units to dendritic interneurons.
    dendritic_mutual : float
        Total, among dendritic interneurons.
    top_down : float
        From the layer above to dendrites: a factor of the forward weights, or a gain where weights are their own.

    Raises
    ------
    BadInput
        If one of them is not above 0.
    """

    excitation: float
    inhibition: float
    drive: float
    recruitment: float
    mutual: float
    dendritic: float = 1.0
    dendritic_recruitment: float = 1.0
    dendritic_mutual: float = 1.0
    top_down: float = 1.0

    def __post_init__(self) -> None:
        if not all(value > 0 for value in astuple(self)):
            raise BadInput("gains of a layer with dendrites", got=repr(self), expected="numbers > 0")


#: Of the first hidden layer, of those above it, and of the outputs (dendritic target propagation of MNIST).
PAPER = (
    Gains(2.1944, 1.1276, 2.9554, 0.7922, 1.4660, 0.3087, 15.874, 4.942, 0.4983),
    Gains(0.1970, 0.0503, 0.1287, 0.7245, 0.1518, 1.6269, 11.731, 4.383, 3.5503),
    Gains(5.5741, 0.1078, 0.4388, 2.7491, 2.5391),
)


def gains_of_layers(gains: Sequence[Gains], n_layers: int) -> list[Gains]:
    """Return the gains of each layer, from the input upwards, the output last.

    Parameters
    ----------
    gains : sequence of Gains
        Of the first hidden layer, those above it, and the output; or one for each layer.
    n_layers : int
        The output included.

    Raises
    ------
    BadInput
        If there are neither three nor as many as layers.

    Examples
    --------
    >>> [one.excitation for one in gains_of_layers(PAPER, 4)]
    [2.1944, 0.197, 0.197, 5.5741]
    """
    if len(gains) == n_layers:
        return list(gains)
    if len(gains) != 3:
        raise BadInput(
            "gains",
            got=f"{len(gains)} for {n_layers} layers",
            expected="three (first hidden layer, further ones, output), or one a layer",
        )
    first, further, output = gains
    return [first, *[further] * (n_layers - 2), output]
