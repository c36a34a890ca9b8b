"""Python's twin of each plugin that comes with labhost, by its id."""
import torch
import torch.nn.functional as F

import examples
import notebook

class Vector(torch.nn.Module):
    """tests/plugins/vector.cpp"""

    def __init__(self, columns, classes):
        super().__init__()
        self.first = torch.nn.Linear(columns, 16)
        self.second = torch.nn.Linear(16, classes)

    def forward(self, x):
        return F.log_softmax(self.second(F.relu(self.first(x))), dim=1)


class Outputs(Vector):
    """The same, with outputs as they are."""

    def forward(self, x):
        return self.second(F.relu(self.first(x)))


class Autoencoder(Outputs):
    """tests/plugins/own_loss.cpp"""

    def loss(self, output, target, images):
        if self.training:
            output = output + 0.1 * torch.randn_like(output)
        return F.mse_loss(output, images)


class Quantiles(Outputs):
    """The same with QUANTILES."""

    def loss(self, output, target, images):
        quantiles = torch.tensor([0.1, 0.5, 0.9])
        error = target - output
        return torch.max(quantiles * error, (quantiles - 1) * error).mean()


class Focal(Vector):
    """The same with FOCAL."""

    def loss(self, output, target, images):
        given = output.gather(1, target.unsqueeze(1)).squeeze(1)
        return -((1 - given.exp()).pow(2) * given).mean()


class Colour(torch.nn.Module):
    """tests/plugins/colour.cpp"""

    def __init__(self, side):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 6, 5)
        self.fc = torch.nn.Linear(6 * ((side - 4) // 2) ** 2, 10)

    def forward(self, x):
        return F.log_softmax(self.fc(F.max_pool2d(F.relu(self.conv(x)), 2).flatten(1)), dim=1)


TWINS = {
    "net": lambda: notebook.Net(),
    "net1": lambda: notebook.Net1(),
    "net2": lambda p=0.5: notebook.Net2(p),
    "net3": lambda p=0.5: notebook.Net3(p),
    "net4": lambda: notebook.Net4(),
    "net5": lambda: notebook.Net5(),
    "mnist_example": lambda: examples.MnistExample(),
    "vector64": lambda: Vector(64, 10),
    "vector13": lambda: Vector(13, 3),
    "vector30": lambda: Vector(30, 2),
    "reals10": lambda: Outputs(10, 1),
    "reals13": lambda: Outputs(13, 3),
    "labels64": lambda: Outputs(64, 3),
    "autoencoder64": lambda: Autoencoder(64, 64),
    "quantiles10": lambda: Quantiles(10, 3),
    "focal64": lambda: Focal(64, 10),
    "colour28": lambda: Colour(28),
    "colour32": lambda: Colour(32),
    "vit": lambda **params: examples.VisionTransformer(**params),
}


def network(model, params):
    """The twin, with initial weights drawn from the default generator."""
    return TWINS[model](**params)
