"""Make a Flamingo of some 50,000 random weights: `python tiny_flamingo.py KIND FOLDER [SECONDS]`.

A program for a Python with torch and transformers. The processor, the template and the classes are
the real ones; what it writes means nothing.
"""

from __future__ import annotations

import sys

TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou hear music.<|im_end|>\n"
    "{% endif %}{% for m in messages %}<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% set ns = namespace(sound=False, text='') %}{% for c in m['content'] %}"
    "{% if c['type'] == 'audio' %}{% set ns.sound = True %}"
    "{% else %}{% set ns.text = ns.text + c['text'] %}{% endif %}{% endfor %}"
    "{% if ns.sound %}<sound>{% endif %}{{ ns.text }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def main(kind: str, folder: str, most_s: int) -> None:
    """Make the model and save it."""
    import torch
    import transformers as t
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    torch.manual_seed(1)
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<sound>"]
    specials += ["<|sound_bos|>", "<|sound_eos|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = t.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.add_special_tokens({"additional_special_tokens": specials[1:2] + specials[3:]})
    number = fast.convert_tokens_to_ids
    extractor = t.WhisperFeatureExtractor(feature_size=128, return_attention_mask=True)
    text = t.Qwen2Config(
        vocab_size=len(fast), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=8192,
        bos_token_id=number("<|endoftext|>"), eos_token_id=number("<|im_end|>"),
        pad_token_id=number("<|endoftext|>"),
    )  # fmt: skip
    sound = t.AudioFlamingo3EncoderConfig(
        num_mel_bins=128, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    if kind == "musicflamingo":
        config = t.MusicFlamingoConfig(
            text_config=text, audio_config=sound, audio_token_id=number("<sound>"),
            audio_bos_token_id=number("<|sound_bos|>"),
            audio_eos_token_id=number("<|sound_eos|>"),
            rope_parameters={"rope_type": "default", "rope_theta": 1200,
                             "partial_rotary_factor": 0.5},
        )  # fmt: skip
        model = t.MusicFlamingoForConditionalGeneration(config)
        processor_of = t.MusicFlamingoProcessor
    else:
        config = t.AudioFlamingo3Config(
            text_config=text, audio_config=sound, audio_token_id=number("<sound>")
        )
        model = t.AudioFlamingo3ForConditionalGeneration(config)
        processor_of = t.AudioFlamingo3Processor
    processor = processor_of(extractor, fast, chat_template=TEMPLATE, max_audio_len=most_s)
    model.generation_config = t.GenerationConfig(
        eos_token_id=number("<|im_end|>"), pad_token_id=number("<|endoftext|>")
    )
    processor.save_pretrained(folder)
    model.save_pretrained(folder)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
