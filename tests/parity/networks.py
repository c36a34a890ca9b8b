"""Python's twin of each plugin that comes with labhost, by its id."""
import examples
import notebook

TWINS = {
    "net": lambda: notebook.Net(),
    "net1": lambda: notebook.Net1(),
    "net2": lambda p=0.5: notebook.Net2(p),
    "net3": lambda p=0.5: notebook.Net3(p),
    "net4": lambda: notebook.Net4(),
    "net5": lambda: notebook.Net5(),
    "mnist_example": lambda: examples.MnistExample(),
    "vit": lambda **params: examples.VisionTransformer(**params),
}


def network(model, params):
    """The twin, with initial weights drawn from the default generator."""
    return TWINS[model](**params)
