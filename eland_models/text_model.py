"""SigLIP-2's text model as one graph: raw UTF-8 bytes in, one finished unit vector out.

Elasticsearch calls ``forward(tokens, attention_mask)`` with int64 [1, n] each and takes the float32 [1,
dims] that comes back as it is. Everything between lies in here: decoding, recipes, tokenizer, encoder,
pooling and scaling.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import torch
from torch import Tensor, nn

from eland_models.blocks import unit
from eland_models.encoder import Encoder
from eland_models.recipes import Recipe, RecipeReader, code_points
from eland_models.tokenizer import GemmaTokenizer
from eland_models.utf8 import Utf8Decoder

# more texts side by side are not faster, but take memory
TEXTS_AT_ONCE = 8


class TextModel(nn.Module):
    """Bytes to a vector.

    A text that begins with a recipe's name and a colon (``peak: Mount Everest | Sagarmatha``) gives the
    recipe's vector; with no name behind the colon, zeros. Any other text is encoded as it stands, as
    transformers does it.
    """

    def __init__(self, tokenizer: GemmaTokenizer, encoder: Encoder, recipes: list[Recipe]) -> None:
        super().__init__()
        self.at_once = TEXTS_AT_ONCE
        self.decoder = Utf8Decoder()
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.register_buffer("nothing", torch.zeros(encoder.dims))
        self.recipes = nn.ModuleList(RecipeReader(recipe, self.anti_vector(recipe)) for recipe in recipes)

    def forward(self, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode one text.

        Args:
            tokens: [1, n] int64 bytes of the text, `260` for a literal ``<mask>``; n may be 0.
            attention_mask: [1, n] int64, not read: one text a call has no padding.

        Returns:
            [1, dims] float32 of length 1; zeros for a recipe without a name.
        """
        given = self.decoder(tokens.reshape(-1).to(torch.int64))
        text, owner, count = given, torch.full_like(given, 0), 1
        anti_vector = self.nothing
        for recipe in self.recipes:
            if recipe.matches(given):
                text, owner, count = recipe(given)
                anti_vector = recipe.anti_vector
        vector = self.nothing
        if count > 0:
            vector = unit(self.encode(text, owner, count).mean(0) - anti_vector)
        return vector.unsqueeze(0)

    def encode(self, text: Tensor, owner: Tensor, count: int) -> Tensor:
        """[n] code points of `count` texts to [count, dims] unit vectors."""
        ids = self.tokenizer(text, owner, count)
        vectors = self.encoder(ids[: self.at_once])
        done = self.at_once
        while done < count:
            vectors = torch.cat([vectors, self.encoder(ids[done : done + self.at_once])])
            done = done + self.at_once
        return vectors

    def anti_vector(self, recipe: Recipe) -> Tensor:
        """[dims] the recipe's anti-concept as a unit vector, times its weight."""
        if not recipe.anti_concept:
            return self.nothing
        text = code_points(recipe.anti_concept)
        with torch.no_grad():
            return self.encode(text, torch.full_like(text, 0), 1)[0] * recipe.weight
