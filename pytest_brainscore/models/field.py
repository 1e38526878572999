"""The field of view: how much of a network's input an image fills."""

from __future__ import annotations

from PIL import Image

from ..errors import DataError

GREY = (128, 128, 128)
LARGEST = 16_384


def in_field(image: Image.Image, field_degrees: float, image_degrees: float | None) -> Image.Image:
    """Place an image that is `image_degrees` wide in a field of view that is `field_degrees` wide.

    A wider field surrounds the image with grey (128, 128, 128); a narrower one keeps the image's centre.
    The image's pixels are never resampled: the field has round(field / image * side) of them. An image
    of unknown size fills the field. The field's size and its margins are rounded, halves to even numbers, as
    Brain-Score does. Raises DataError where the field would have more than LARGEST pixels a side: its size in
    degrees is then a mistake.
    """
    if image_degrees is None:
        return image
    ratio = field_degrees / image_degrees
    if ratio > 1 and ratio * max(image.size) > LARGEST:
        raise DataError(
            f"visual_degrees: an image {image_degrees:g} degrees wide in a field of {field_degrees:g} degrees"
            f" makes {ratio * max(image.size):.0f} pixels a side, and {LARGEST} is the most; correct one"
        )
    width, height = (max(1, round(ratio * side)) for side in image.size)
    left, top = round((width - image.width) / 2), round((height - image.height) / 2)
    if (width, height) == image.size:
        return image
    if ratio < 1:
        return image.crop((-left, -top, -left + width, -top + height))
    field = Image.new("RGB", (width, height), GREY)
    field.paste(image, (left, top))
    return field
