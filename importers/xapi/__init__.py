"""xAPI statements (1.0.3, IEEE 9274.1.1): from a file, from a store (LRS), or sent by a program."""

from importers.xapi.lrs import PULL_KIND as PULL_KIND
from importers.xapi.source import FILE_KIND as FILE_KIND
from importers.xapi.source import KIND as KIND
from importers.xapi.source import NAME as NAME
