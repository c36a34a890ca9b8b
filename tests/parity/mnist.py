"""MNIST from its IDX files, to the bit what torchvision's MNIST, ToTensor and Normalize give, without torchvision.

Not every torch has a torchvision that fits it. torch is imported where it is needed: who only asks for the folder needs none.
"""
import gzip
import os
import pathlib
import struct
import tempfile

MEAN, STD = 0.1307, 0.3081  # the notebook's
PARTS = {True: "train", False: "t10k"}


def default_data():
    """Where labhost keeps data sets."""
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("LABHOST_DATA") or pathlib.Path(cache) / "labhost")


def idx(path):
    """The uint8 tensor that an IDX file (or the file with .gz behind its name) holds."""
    import torch
    if path.exists():
        content = path.read_bytes()
    elif path.with_name(path.name + ".gz").exists():
        content = gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    else:
        raise FileNotFoundError(f"{path}: there is no such file, nor one with .gz; fetch it with: labhost fetch mnist")
    zero, uint8, dimensions = struct.unpack_from(">HBB", content)
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    values = torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * dimensions)
    if (zero, uint8) != (0, 8) or values.numel() != torch.Size(shape).numel():
        raise ValueError(f"{path}: not an IDX file of bytes, or cut off; fetch it again with: labhost fetch mnist")
    return values.view(shape)


def scaled(images):
    """torchvision's ToTensor: float32 from 0 to 1."""
    import torch
    return images.to(dtype=torch.float32).div(255)


def standardized(images, mean, std):
    """torchvision's Normalize, by tensors as there: of images [N, C, H, W] or one, each channel's mean and std or one for all;
    of vectors [N, columns] each column's."""
    import torch
    shape = (-1, 1, 1) if images.ndim > 2 else (-1,)
    mean, std = (torch.as_tensor(value if isinstance(value, list) else [value], dtype=torch.float32).view(shape)
                 for value in (mean, std))
    return images.clone().sub_(mean).div_(std)


def normalized(images):
    """Both, with the notebook's mean and standard deviation."""
    return standardized(scaled(images), MEAN, STD)


class Mnist:
    """A Dataset as torchvision's: each image transformed when it is taken, its label an int.

    So DataLoader draws and collates as in the notebook. Only the detour of each image through PIL is left out.
    """

    def __init__(self, data, train, limit):
        folder = pathlib.Path(data) / "mnist"
        self.images = idx(folder / f"{PARTS[train]}-images-idx3-ubyte")[:limit]
        self.labels = idx(folder / f"{PARTS[train]}-labels-idx1-ubyte")[:limit]

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return normalized(self.images[index][None]), int(self.labels[index])

    def resident(self):
        """All images and labels as two tensors, made at once: the same bits."""
        import torch
        return normalized(self.images[:, None]), self.labels.to(torch.int64)


def datasets(data, train_limit, test_limit):
    """MNIST as the notebook loads it, cut to the first examples."""
    return Mnist(data, True, train_limit), Mnist(data, False, test_limit)


def differs_from_torchvision(data, train_set, test_set, count=100):
    """(torchvision's version or None where none fits, differences): the first and last images against torchvision's own."""
    import torch
    try:
        import torchvision
        import torchvision.datasets
    except Exception:  # one built for another torch fails in its own ways
        return None, []
    if not (pathlib.Path(data) / "mnist" / "t10k-images-idx3-ubyte").exists():
        return None, []  # it does not read .gz
    transform = torchvision.transforms.Compose([torchvision.transforms.ToTensor(),
                                                torchvision.transforms.Normalize((MEAN,), (STD,))])
    wrong = []
    with tempfile.TemporaryDirectory() as root:
        (pathlib.Path(root) / "MNIST").mkdir()
        (pathlib.Path(root) / "MNIST" / "raw").symlink_to(pathlib.Path(data).resolve() / "mnist")
        for train, ours in ((True, train_set), (False, test_set)):
            theirs = torchvision.datasets.MNIST(root, train=train, transform=transform)
            images, labels = ours.resident()
            for i in {*range(min(count, len(ours))), *range(max(0, len(ours) - count), len(ours))}:
                image, label = theirs[i]
                one, its_label = ours[i]
                same = all(image.dtype == x.dtype and torch.equal(image, x) for x in (one, images[i]))
                if not same or not label == its_label == labels[i]:
                    wrong.append(f"{PARTS[train]} image {i} is not torchvision {torchvision.__version__}'s")
    return torchvision.__version__, wrong
