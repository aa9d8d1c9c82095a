"""Adds what PyInstaller cannot see in the source: modules imported by name, data and the version."""

from __future__ import annotations

from PyInstaller.utils.hooks import can_import_module, collect_data_files, collect_submodules, copy_metadata

from tlgan_runtime.bundle.find import embedded_bundles
from tlgan_runtime.site.assets import WEB_PARTS, web_folder

hiddenimports = collect_submodules("tlgan_runtime", filter=lambda name: "__pyinstaller" not in name)
hiddenimports += [name for name in ("onnxruntime", "imageio_ffmpeg") if can_import_module(name)]
datas = [(str(folder), f"tlgan_runtime/exported/{name}") for name, folder in embedded_bundles().items()]
datas += [(str(web_folder() / part), f"tlgan_runtime/web/{part}") for part in WEB_PARTS]
datas += collect_data_files("anyascii")
datas += copy_metadata("cheermeup")
