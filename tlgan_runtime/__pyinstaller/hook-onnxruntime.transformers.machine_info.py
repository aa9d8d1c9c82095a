"""Keeps torch out of a frozen program where torch happens to be installed.

`onnxruntime` imports this module for a debug message only, and the module imports torch: gigabytes for nothing.
A program that uses torch brings it by its own imports.
"""

from __future__ import annotations

excludedimports = ["torch"]
