#!/usr/bin/env python3
"""The notebook's networks in Python on a GPU, each way at its best; prints the seconds of all epochs, start-up apart.

eager: images and order on the GPU, nothing read before an epoch's end. graph: that, with each whole step in a CUDA graph.
compile: torch.compile(mode="reduce-overhead"). jax: Net only, an epoch as one lax.scan. The first epoch warms up (captures, compiles)
and is not counted. notebook: as it stands.
"""
import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import mnist
import notebook
import parity


class TorchPeer:
    def __init__(self, name, kind, device, train_set, test_set):
        import torch
        import torch.nn.functional as F
        self.torch, self.kind, self.device = torch, kind, device
        self.data = {True: [t.to(device) for t in train_set], False: [t.to(device) for t in test_set]}
        torch.manual_seed(1)
        self.model = parity.MODELS[name]().to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.5)
        self.loss = torch.zeros((), dtype=torch.float64, device=device)
        self.correct = torch.zeros((), dtype=torch.int64, device=device)
        self.index = {True: torch.zeros(64, dtype=torch.int64, device=device),
                      False: torch.zeros(1000, dtype=torch.int64, device=device)}
        self.graphs, self.done = {}, {True: 0, False: 0}
        self.nll = F.nll_loss
        self.forward = torch.compile(self.model, mode="reduce-overhead") if kind == "compile" else self.model

    def step(self, train, index):
        images, labels = self.data[train]
        target = labels[index]
        if train:
            self.optimizer.zero_grad(set_to_none=True)
        output = self.forward(images[index])
        loss = self.nll(output, target, reduction="sum")
        if train:
            (loss / len(target)).backward()
            self.optimizer.step()
        self.loss += loss.detach()
        self.correct += (output.detach().argmax(dim=1) == target).sum()

    def replayed_step(self, train, index):
        """The first three as they are, then a captured one."""
        self.index[train].copy_(index)
        if self.done[train] < 3:
            self.done[train] += 1
            return self.step(train, self.index[train])
        if train not in self.graphs:
            self.graphs[train] = self.torch.cuda.CUDAGraph()
            with self.torch.cuda.graph(self.graphs[train], stream=self.torch.cuda.current_stream()):
                self.step(train, self.index[train])
        self.graphs[train].replay()

    def one_pass(self, train):
        torch = self.torch
        self.model.train(train)
        self.loss.zero_()
        self.correct.zero_()
        size = 64 if train else 1000
        with torch.set_grad_enabled(train):
            for index in torch.randperm(len(self.data[train][1])).to(self.device).split(size):
                whole = len(index) == size
                (self.replayed_step if self.kind == "graph" and whole else self.step)(train, index)
        return self.loss.item() / len(self.data[train][1]), self.correct.item()

    def run(self, epochs):
        """Seconds of the epochs after the first, and the last test's number correct."""
        torch = self.torch
        stream = torch.cuda.stream(torch.cuda.Stream()) if self.device == "cuda" else torch.enable_grad()
        with stream:
            for epoch in range(epochs + 1):
                if epoch == 1:
                    start = time.perf_counter()
                self.one_pass(True)
                _, correct = self.one_pass(False)
            return time.perf_counter() - start, correct


def run_notebook(name, epochs, device, train_set, test_set):
    import torch
    if device == "cuda":
        torch.zeros(1, device="cuda")  # CUDA's own start-up
    torch.manual_seed(1)
    model = parity.MODELS[name]()
    start = time.perf_counter()
    results = notebook.train_eval(model, 64, 1000, epochs, 0.01, 0.5, train_set, test_set, no_cuda=device != "cuda")
    return time.perf_counter() - start, results[-1][1][1]


def run_jax(epochs, train_set, test_set):
    import jax
    import jax.numpy as jnp
    from jax import lax, random

    def layer(key, shape, fan_in):
        bound = fan_in ** -0.5
        return (random.uniform(key, shape, minval=-bound, maxval=bound),
                random.uniform(random.fold_in(key, 1), shape[:1], minval=-bound, maxval=bound))

    def conv(x, weights):
        y = lax.conv_general_dilated(x, weights[0], (1, 1), "VALID", dimension_numbers=("NCHW", "OIHW", "NCHW"))
        return y + weights[1][None, :, None, None]

    def pool(x):
        return lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def forward(model, x):
        x = pool(jax.nn.relu(conv(x, model[0])))
        x = pool(jax.nn.relu(conv(x, model[1]))).reshape(len(x), 800)
        x = jax.nn.relu(x @ model[2][0].T + model[2][1])
        return jax.nn.log_softmax(x @ model[3][0].T + model[3][1])

    def sums(model, images, labels):
        output = forward(model, images)
        loss = -jnp.take_along_axis(output, labels[:, None], 1).sum()
        return loss, (output.argmax(1) == labels).sum()

    def train_step(state, index, images, labels):
        model, momenta = state
        (loss, correct), gradients = jax.value_and_grad(sums, has_aux=True)(model, images[index], labels[index])
        momenta = jax.tree_util.tree_map(lambda m, g: 0.5 * m + g / len(index), momenta, gradients)
        return (jax.tree_util.tree_map(lambda w, m: w - 0.01 * m, model, momenta), momenta), (loss, correct)

    @jax.jit
    def epoch(state, key, train, test):
        order = random.permutation(key, len(train[1]))
        whole = len(order) // 64 * 64
        state, _ = lax.scan(lambda s, i: train_step(s, i, *train), state, order[:whole].reshape(-1, 64))
        state, _ = train_step(state, order[whole:], *train)
        _, (loss, correct) = lax.scan(lambda s, batch: (s, sums(state[0], *batch)), 0,
                                      (test[0].reshape(-1, 1000, 1, 28, 28), test[1].reshape(-1, 1000)))
        return state, loss.sum(), correct.sum()

    train, test = [[jnp.asarray(t.numpy()) for t in part] for part in (train_set, test_set)]
    keys = random.split(random.PRNGKey(1), 4)
    model = [layer(keys[0], (20, 1, 5, 5), 25), layer(keys[1], (50, 20, 5, 5), 500), layer(keys[2], (500, 800), 800),
             layer(keys[3], (10, 500), 500)]
    state = (model, jax.tree_util.tree_map(jnp.zeros_like, model))
    for i in range(epochs + 1):
        if i == 1:
            start = time.perf_counter()
        state, loss, correct = epoch(state, random.PRNGKey(i), train, test)
        loss.block_until_ready()
    return time.perf_counter() - start, int(correct)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["notebook", "eager", "graph", "compile", "jax"])
    parser.add_argument("--data", type=pathlib.Path, default=mnist.default_data())
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--train-limit", type=int, default=60000)
    parser.add_argument("--test-limit", type=int, default=10000)
    parser.add_argument("--models", nargs="*", choices=parity.MODELS, default=list(parity.MODELS))
    options = parser.parse_args()
    train_set, test_set = mnist.datasets(options.data, options.train_limit, options.test_limit)
    if options.kind != "notebook":
        train_set, test_set = train_set.resident(), test_set.resident()
    total = 0.0
    for name in ["net"] if options.kind == "jax" else options.models:
        if options.kind == "jax":
            seconds, correct = run_jax(options.epochs, train_set, test_set)
        elif options.kind == "notebook":
            seconds, correct = run_notebook(name, options.epochs, options.device, train_set, test_set)
        else:
            seconds, correct = TorchPeer(name, options.kind, options.device, train_set, test_set).run(options.epochs)
        print(f"{options.kind} {name}: {seconds:.3f} s, {correct} correct", flush=True)
        total += seconds
    print(f"{options.kind}: {total:.3f} s")


if __name__ == "__main__":
    main()
