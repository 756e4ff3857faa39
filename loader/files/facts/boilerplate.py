"""Texts that cameras and programs write into every picture, and that no person wrote."""
from __future__ import annotations

import re

# Words that makers put together to "OLYMPUS DIGITAL CAMERA" or "SONY DSC"; a text of only such words and
# the camera's own name says nothing.
_MAKERS = (
    "agfa agfaphoto asus benq canon casio dji epson fuji fujifilm gopro hasselblad "
    "hp htc huawei jvc kodak konica kyocera leica lg lumix minolta mobotix "
    "motorola nikon nokia olympus oneplus oppo panasonic pentax praktica ricoh rollei "
    "samsung sanyo sony toshiba vivitar xiaomi yashica zte"
)
_GENERIC = (
    "by camera cameras comment comments company corporation dcim default description digital dsc "
    "easyshare electronics exif file image images imaging inc jpeg jpg ltd no none photo photos "
    "photosmart picture pictures screenshot shot still the title untitled user video"
)
_EMPTY_WORDS = frozenset([*_MAKERS.split(), *_GENERIC.split()])
_WORD = re.compile(r"[^\W_]+")

_PROGRAMS = (
    "acdsee adobe affinity afterlight canva capcut capture darktable digikam fotor gimp google "
    "hipstamatic hugin imagej imagemagick instagram inkscape irfanview krita lightroom luminar meitu "
    "microsoft mspaint paint.net photofunia photopea photoscape photoshop picasa picsart pixelmator pixlr "
    "polarr prisma ptgui rawtherapee retrica snapseed vsco xnview"
)
_TEXTS = re.compile(
    # "Created with GIMP", "Processed with VSCO with a6 preset", "Edited in Adobe Lightroom"
    r"(?:\w+ )?"
    r"(?:created|converted|edited|exported|generated|made|optimized|processed|produced|resized)"
    r"(?: with| by| in| using| on)?:? (?:the )?"
    rf"(?:{'|'.join(_PROGRAMS.split())})\b.*"
    # a file's own name, with or without folders: "DCIM\100MEDIA\DJI_0042.JPG", "IMG_2498"
    r"|(?:[\w .:-]*[\\/])*[\w-]*\d[\w()-]*\.(?:jpe?g|heic|heif|png|tiff?|dng|webp|arw|cr2|nef)"
    r"|dcim[\\/].*|(?:img|dsc[nf]?|dji|gopr|gh|gp|pxl|mvimg|p)_?\d{4,}[\d_]*"
    r"|(?:screen ?shot|bildschirmfoto|capture d.écran|captura de pantalla|schermata)"
    r"(?:[ _-]\d[\w .:-]*)?"
    # what encoders and phones' image processors leave: "CREATOR: gd-jpeg v1.0 …", "oplus_32", "cof", JSON
    r"|creator: gd-jpeg.*|lead technologies.*|intel\(r\) jpeg library.*|lavc[\d.]+|applemark|\ufffd+"
    r"|(?:oppo|oplus)_\d+|cof|dav|edf|mde|ptr|sdr|hdr|bty|fbt|nor|rptnb|rhdr|hdrpl|oznor\w{0,4}|btf|ptf|yyy"
    r"|(?:sdr|hdr)_\w+|mfnr|binary comment|charset=\"?ascii\"?.*|<digimax.*>|ascii|unicode|null"
    # phones' cameras: "filter: 0; fileterIntensity: 0.0; …", "Shot on OnePlus", "<KENOX S760 / Samsung S760>"
    r"|(?:(?:filter|filtermask|captureorientation) ?: ?\d+|(?:fileterintensity|module) ?: ?[\w.-]+);.*"
    r"|(?:shot|captured) (?:on|with) (?:an? )?"
    r"(?:iphone|oneplus|mi|redmi|poco|realme|vivo|oppo|nokia|xperia)\b.*"
    r"|mi dual camera|<(?:kenox|samsung) .*>|whatsapp image \d.*|\d{8}_\d{6}|_(?:mg|dsc)_?\d{4,}"
    r"|(?:img|vid)-\d{8}-wa\d+|(?:file written by |adobe )photoshop\b.*|file written by adobe .*"
    r"|optimi[sz]ed by jpegmini.*|\(null\)|undefined|n/a|untitled-?\d*|exif jpeg picture.*"
    r"|\{.*\}|\W+",
    re.IGNORECASE | re.DOTALL,
)


def is_boilerplate(line: str, camera: str = "") -> bool:
    """Whether a text is one that cameras and programs write by themselves.

    Args:
        line: without line breaks and outer blanks.
        camera: maker and model.
    """
    if _TEXTS.fullmatch(line):
        return True
    words = {word.casefold() for word in _WORD.findall(line)}
    return words <= _EMPTY_WORDS | {word.casefold() for word in _WORD.findall(camera)}
