"""Caliper events (1EdTech Caliper Analytics 1.1 and 1.2): sent by a program, or from a file."""

from importers.caliper.source import FILE_KIND as FILE_KIND
from importers.caliper.source import KIND as KIND
from importers.caliper.source import NAME as NAME
