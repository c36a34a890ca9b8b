#!/usr/bin/env python3
"""Prints, as JSON, the torch of the Python that runs it, its BLAS, and the GFLOP/s its SGEMM reaches on one core."""
import json
import re
import time

import torch


def peak():
    torch.set_num_threads(1)
    a = torch.randn(1024, 1024)
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best / 1e9


def main():
    blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    print(json.dumps({"torch": torch.__version__, "blas": blas.group(1) if blas else "unknown", "gflops": peak()}))


if __name__ == "__main__":
    main()
