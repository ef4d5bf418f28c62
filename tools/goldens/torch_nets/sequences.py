"""Networks of series: recurrent, and convolutional over time."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class Lstm(nn.Module):
    """Two layers; the last step is read."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 12, num_layers=2, batch_first=True)
        self.head = nn.Linear(12, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])


class BidirectionalGru(nn.Module):
    """Both ways over the series; mean and largest of all steps, and both last states, are read."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(6, 10, batch_first=True, bidirectional=True)
        self.head = nn.Linear(60, 8)

    def forward(self, x: Tensor) -> Tensor:
        steps, last = self.gru(x)
        ends = torch.cat([last[0], last[1]], 1)
        return self.head(torch.cat([steps.mean(1), steps.amax(1), ends], 1))


class Elman(nn.Module):
    """The plain recurrent unit, tanh; every step's answer."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.RNN(6, 12, batch_first=True)
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


class TemporalBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.reach = 2 * dilation
        self.conv = nn.Conv1d(inputs, outputs, 3, dilation=dilation, bias=False)
        self.norm, self.shortcut = nn.BatchNorm1d(outputs), nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(F.pad(x, (self.reach, 0))))
        return F.elu(self.shortcut(x) + torch.relu(y))


class Temporal(nn.Module):
    """Bai et al. 2018: dilated convolutions that see the past only, with a max-pool between and a gated linear unit at
    the end."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = TemporalBlock(4, 8, 1), TemporalBlock(8, 12, 2)
        self.pool, self.third = nn.MaxPool1d(2), TemporalBlock(12, 12, 4)
        self.average, self.head = nn.AvgPool1d(4, 4), nn.Linear(48, 16)

    def forward(self, x: Tensor) -> Tensor:
        x = self.third(self.pool(self.second(self.first(x))))
        return F.glu(self.head(self.average(x).flatten(1)), 1)
