# SPDX-License-Identifier: MIT
"""torch_step.py MODEL B T TYPE [STEPS]: tokens/s of PyTorch in forward, backward and AdamW, the median of steps.

MODEL: gpt2 (124M), small (6 layers of 384, V 8192), tiny (6 of 192, V 2048), all in the arrangement of GPT-2;
TYPE: f32, or bf16 by autocast.  train.sh calls it where $PYTHON_TORCH names a Python that has torch.
"""
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F

SHAPES = {"gpt2": (12, 768, 12, 50257), "small": (6, 384, 6, 8192), "tiny": (6, 192, 6, 2048)}


class Block(torch.nn.Module):
    def __init__(self, c, heads, t):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(c), torch.nn.LayerNorm(c)
        self.qkv, self.o = torch.nn.Linear(c, 3 * c), torch.nn.Linear(c, c)
        self.up, self.down = torch.nn.Linear(c, 4 * c), torch.nn.Linear(4 * c, c)
        self.register_buffer("mask", torch.ones(t, t, dtype=torch.bool).triu(1))

    def attention(self, x):
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in self.qkv(x).split(c, 2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            s = q @ k.transpose(2, 3) * (c // self.heads) ** -0.5
            y = s.masked_fill(self.mask, float("-inf")).softmax(3) @ v
        return self.o(y.transpose(1, 2).reshape(b, t, c))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(torch.nn.Module):
    def __init__(self, layers, c, heads, v, t):
        super().__init__()
        self.tok, self.pos = torch.nn.Embedding(v, c), torch.nn.Embedding(t, c)
        self.layers = torch.nn.ModuleList(Block(c, heads, t) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(c)

    def forward(self, ids, target):
        x = self.tok(ids) + self.pos.weight
        for layer in self.layers:
            x = layer(x)
        logits = F.linear(self.norm(x), self.tok.weight)
        return F.cross_entropy(logits.view(-1, logits.shape[-1]).float(), target.reshape(-1))


def main():
    model, b, t, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    layers, c, heads, v = SHAPES[model]
    if os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.manual_seed(1)
    net = Gpt(layers, c, heads, v, t)
    adamw = torch.optim.AdamW(net.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, foreach=True)
    ids = torch.randint(v, (b, t + 1))
    took = []
    for _ in range(int(sys.argv[5]) if len(sys.argv) > 5 else 3):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind == "bf16"):
            loss = net(ids[:, :-1], ids[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
        adamw.step()
        adamw.zero_grad(set_to_none=False)
        took.append(time.perf_counter() - start)
    print(f"{b * t / statistics.median(took[1:]):.0f}")


main()
