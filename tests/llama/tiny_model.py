"""Makes a language model of 145,000 random weights in the time of a test fixture.

It knows nothing. Under a grammar it writes whatever the grammar allows, which is all that a
test of the wire needs. With `Bias()` it also comes to an end by itself: one channel of the
residual stream is constant, so a column of the output matrix is a bias per token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

_LAYERS, _HIDDEN, _HEADS, _FEED_FORWARD = 2, 64, 4, 128
_CONTEXT = 32768
_CONSTANT = 6.0
_BOS, _EOS = "<|im_start|>", "<|im_end|>"
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_TEXT = (
    "We have forty thousand euros set aside for this, approved in March.",
    "Our finance director signs anything above ten thousand.",
    "Two people retype orders by hand every day and customers wait.",
    "We want to go live before the contract with the old vendor ends.",
    '{"budget": {"evidence": [], "level": "not_discussed"}, "need": null}',
    "So what happens if you do nothing until the end of the year?",
)
_VOCABULARY = 492
_BYTE_TOKENS = 258


@dataclass(frozen=True)
class Bias:
    """How much likelier tokens are that hold a character; in units of the constant channel."""

    quote: float = 0.9
    close: float = 0.7
    """Of "}"."""
    bracket: float = 0.7
    """Of "]": below nought, lists get members."""
    comma: float = 0.5
    end: float = 1.5
    exponent: float = -6.0
    """Keeps numbers below what a float holds."""
    odd: float = -3.0
    """Backslashes and bytes outside ASCII, which break strings."""

    def of(self, token: str, *, is_end: bool) -> float:
        if is_end:
            return self.end
        if "\\" in token or any(ord(char) > 126 for char in token.replace("Ġ", " ")):
            return self.odd
        by_char = {'"': self.quote, "]": self.bracket, "}": self.close, ",": self.comma}
        by_char |= {"E": self.exponent, "e": self.exponent}
        return by_char.get(token, 0.0)


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=[_BOS, _EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_TEXT * 3, trainer)
    return tokenizer


def make_model(path: Path, bias: Bias | None = None, seed: int = 7) -> Path:
    """Write a GGUF file and return its path; without a bias the model rambles."""
    tokenizer = _tokenizer()
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    tokens = [token for token, _ in vocabulary]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_HIDDEN)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_rope_dimension_count(_HIDDEN // _HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    kinds = gguf.TokenType
    special = {_BOS, _EOS}
    writer.add_token_types([kinds.CONTROL if t in special else kinds.NORMAL for t in tokens])
    writer.add_token_merges(_merges(tokenizer))
    writer.add_bos_token_id(tokens.index(_BOS))
    writer.add_eos_token_id(tokens.index(_EOS))
    writer.add_add_bos_token(False)
    writer.add_chat_template(_TEMPLATE)
    for name, tensor in _weights(tokens, bias, seed).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _merges(tokenizer: Tokenizer) -> list[str]:
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]


def _weights(tokens: list[str], bias: Bias | None, seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, scale: float = 0.08) -> np.ndarray:
        return random.normal(0, scale, (rows, columns)).astype(np.float32)

    embedding = matrix(len(tokens), _HIDDEN, 1.0)
    output = matrix(len(tokens), _HIDDEN)
    if bias is not None:
        embedding[:, 0] = _CONSTANT
        output[:, 0] = [bias.of(token, is_end=token == _EOS) for token in tokens]
    weights = {"token_embd.weight": embedding, "output.weight": output}
    weights["output_norm.weight"] = np.ones(_HIDDEN, np.float32)
    for layer in range(_LAYERS):
        block = f"blk.{layer}."
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights[f"{block}{name}.weight"] = matrix(_HIDDEN, _HIDDEN)
        weights[f"{block}ffn_gate.weight"] = matrix(_FEED_FORWARD, _HIDDEN)
        weights[f"{block}ffn_up.weight"] = matrix(_FEED_FORWARD, _HIDDEN)
        weights[f"{block}ffn_down.weight"] = matrix(_HIDDEN, _FEED_FORWARD)
        for name in ("attn_norm", "ffn_norm"):
            weights[f"{block}{name}.weight"] = np.ones(_HIDDEN, np.float32)
        if bias is not None:
            # Nothing writes into the constant channel.
            weights[f"{block}attn_output.weight"][0] = 0
            weights[f"{block}ffn_down.weight"][0] = 0
    return weights
