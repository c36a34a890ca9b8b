"""Python's twins of sdk/examples: the same layers in the same order under the same names, hence the same bits."""
import torch
import torch.nn.functional as F
from torch import nn


class MnistExample(nn.Module):
    """The network of PyTorch's examples/mnist. x: float32 [N, 1, 28, 28]; returns log-probabilities [N, 10]."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(64 * 12 * 12, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = self.dropout1(F.max_pool2d(x, 2))
        x = self.dropout2(F.relu(self.fc1(x.flatten(1))))
        return F.log_softmax(self.fc2(x), dim=1)


class Attention(nn.Module):
    """Self-attention of several heads. x: [N, tokens, dim]; returns the same shape."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        n, tokens, dim = x.shape
        qkv = self.qkv(x).view(n, tokens, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv.unbind(0)  # each [N, heads, tokens, dim / heads]
        scores = query.matmul(key.transpose(-2, -1)) / (dim // self.heads) ** 0.5
        return self.out(scores.softmax(-1).matmul(value).transpose(1, 2).reshape(n, tokens, dim))


class Layer(nn.Module):
    """Attention and a perceptron, each normalised before and added to what came in. x: [N, tokens, dim]."""

    def __init__(self, dim, heads, dropout):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, 2 * dim)
        self.fc2 = nn.Linear(2 * dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.norm1(x)))
        return x + self.dropout(self.fc2(self.dropout(F.gelu(self.fc1(self.norm2(x))))))


class VisionTransformer(nn.Module):
    """x: float32 [N, 1, 28, 28]; returns logits [N, 10]."""

    def __init__(self, dim=64, depth=4, heads=4, patch=7, dropout=0.0):
        super().__init__()
        self.patches = nn.Conv2d(1, dim, patch, stride=patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, dim) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, (28 // patch) ** 2 + 1, dim) * 0.02)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(dim, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)  # [N, patches, dim]
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1)
        x = self.dropout(x + self.positions)
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x[:, 0]))
