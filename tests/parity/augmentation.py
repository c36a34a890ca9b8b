"""torchvision's v1 transforms for tensors, by the same operators and draws, for a torch that no torchvision fits.

Those of [data] augment: RandomCrop, RandomHorizontalFlip, RandomRotation, Normalize, RandomErasing, always in this order, all
their other arguments at torchvision's defaults. augment.py holds them against torchvision's own where there is one.
"""
import math

import torch

from mnist import standardized

ERASED_PART = (0.02, 0.33)
ERASED_RATIO = (0.3, 3.3)


def apply(image, settings, mean, std):
    """float32 [C, H, W] in [0, 1] -> augmented and normalised, new. Draws from the default generator.

    settings: as in an experiment's file, such as {"random_crop": {"padding": 4}, "random_horizontal_flip": 0.5,
    "random_rotation": 10, "random_erasing": 0.25}; each may be left out.
    """
    if "random_crop" in settings:
        image = random_crop(image, settings["random_crop"]["padding"])
    if "random_horizontal_flip" in settings and torch.rand(1) < settings["random_horizontal_flip"]:
        image = image.flip(-1)
    if "random_rotation" in settings:
        degrees = float(settings["random_rotation"])
        image = rotate(image, torch.empty(1).uniform_(-degrees, degrees).item())
    image = standardized(image, mean, std)
    if "random_erasing" in settings and torch.rand(1) < settings["random_erasing"]:
        image = random_erasing(image)
    return image


def random_crop(image, padding):
    height, width = image.shape[-2:]
    padded = torch.nn.functional.pad(image, [padding] * 4)
    if padding == 0:
        return padded
    top, left = (torch.randint(0, 2 * padding + 1, size=(1,)).item() for _ in range(2))
    return padded[:, top:top + height, left:left + width]


def rotate(image, degrees):
    """Counter-clockwise about the centre; each pixel is the nearest one, or 0."""
    height, width = image.shape[-2:]
    radians = math.radians(-degrees)
    cos, sin = math.cos(radians), math.sin(radians)
    matrix = torch.tensor([[[cos, sin, 0.0], [-sin, cos, 0.0]]])
    from_centre = torch.ones(1, height, width, 3)
    from_centre[..., 0] = torch.arange(width) - (width - 1) / 2
    from_centre[..., 1] = (torch.arange(height) - (height - 1) / 2)[:, None]
    grid = from_centre.view(1, -1, 3).bmm(matrix.transpose(1, 2) / torch.tensor([0.5 * width, 0.5 * height]))
    return torch.nn.functional.grid_sample(image[None], grid.view(1, height, width, 2), mode="nearest",
                                           padding_mode="zeros", align_corners=False)[0]


def random_erasing(image):
    height, width = image.shape[-2:]
    log_ratio = torch.log(torch.tensor(ERASED_RATIO))
    for _ in range(10):
        area = height * width * torch.empty(1).uniform_(*ERASED_PART).item()
        ratio = torch.exp(torch.empty(1).uniform_(log_ratio[0].item(), log_ratio[1].item())).item()
        rows, columns = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if rows < height and columns < width:
            top = torch.randint(0, height - rows + 1, size=(1,)).item()
            left = torch.randint(0, width - columns + 1, size=(1,)).item()
            image[:, top:top + rows, left:left + columns] = 0
            break
    return image
