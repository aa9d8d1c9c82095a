"""How the six characters look. Shapes are SVG path data on a picture of 256 × 256 units."""

from __future__ import annotations

from tlgan_train.data.toon.look import Glasses, Hair, Look
from tlgan_train.data.toon.shapes import circles

LOOKS: dict[str, Look] = {
    "alba": Look(
        skin="#ffdcc2",
        skin_shade="#eda987",
        blush="#ff7f6e",
        lips="#d9535f",
        hair=Hair(
            colour="#d4622b",
            shade="#a8431c",
            back="M128 20C62 16 28 62 30 122C31 146 18 160 24 184C28 204 46 206 52 200C56 214 76 218 88 206L168 206"
            "C180 218 200 214 204 200C210 206 228 204 232 184C238 160 225 146 226 122C228 62 194 16 128 20Z",
            front="M96 38C124 14 186 20 206 68C218 98 214 134 218 156C204 150 197 132 195 116C193 104 188 96 180 90"
            "C150 92 118 76 104 54C98 76 80 92 66 100C59 112 60 136 40 156C40 132 36 100 48 70"
            "C58 46 78 34 96 38Z",
            shine="M122 44C150 36 178 46 190 74C196 86 184 86 176 78C162 62 142 58 124 56C116 54 114 48 122 44Z"
            "M50 92C42 122 42 148 33 176C43 170 53 150 54 124C55 108 55 98 50 92Z"
            "M205 96C212 126 212 150 221 178C211 172 201 152 200 128C199 110 200 102 205 96Z",
        ),
        brow="#9c4420",
        brow_thickness=8.0,
        iris="#2fa37c",
        iris_shade="#14604c",
        cheek_width=74.0,
        jaw_width=50.0,
        chin=80.0,
        lip_thickness=6.0,
        lashes=10.0,
        eye_size=1.13,
        ear=0.0,
        top="#2e6f8e",
        top_shade="#1f4f6b",
        collar="#3f8cab",
        freckles="#d98a63",
        flower="#ffd24a",
    ),
    "bruno": Look(
        skin="#eebd93",
        skin_shade="#c98a5e",
        blush="#e8745a",
        lips="#c9635c",
        hair=Hair(
            colour="#4a2f22",
            shade="#2f1c14",
            back="M128 30C74 28 46 62 48 120L52 150L204 150L208 120C210 62 182 28 128 30Z",
            front="M50 132C42 92 44 54 76 38C84 18 128 14 158 20C196 22 216 58 210 92C209 110 207 122 206 132"
            "C197 118 193 102 190 84C162 82 132 76 112 60C100 74 80 80 66 84C62 100 59 118 50 132Z",
            shine="M96 40C120 28 164 28 184 52C192 64 182 66 174 60C154 46 126 46 102 52C92 54 88 46 96 40Z",
        ),
        brow="#3a2319",
        brow_thickness=13.0,
        iris="#8a5a2c",
        iris_shade="#4b2d12",
        cheek_width=76.0,
        jaw_width=62.0,
        chin=84.0,
        lip_thickness=4.5,
        lashes=0.0,
        eye_size=0.94,
        ear=15.0,
        top="#b5403a",
        top_shade="#8a2c2a",
        collar="#f2e6d4",
        beard="#4a2f22",
    ),
    "chidi": Look(
        skin="#9a6240",
        skin_shade="#6f4028",
        blush="#b4503c",
        lips="#8a4038",
        hair=Hair(
            colour="#2a2230",
            shade="#15101c",
            back="M56 120C48 84 50 40 60 26L196 26C206 40 208 84 200 120Z",
            front="M52 126C46 96 44 48 56 26C70 12 186 12 200 26C212 48 210 96 204 126C196 108 192 88 188 72"
            "C166 65 90 65 66 72C64 88 60 108 52 126Z",
            shine="M72 32C96 24 160 24 184 32C194 40 186 48 176 44C150 36 106 36 80 44C70 48 62 40 72 32Z",
        ),
        brow="#1d1319",
        brow_thickness=11.0,
        iris="#5a3420",
        iris_shade="#2a150c",
        cheek_width=72.0,
        jaw_width=54.0,
        chin=80.0,
        lip_thickness=7.5,
        lashes=0.0,
        ear=15.0,
        top="#f0b437",
        top_shade="#c98a1e",
        collar="#fff3d6",
        glasses=Glasses("#35d0c0", 0.75),
    ),
    "dana": Look(
        skin="#c98a5c",
        skin_shade="#9c5f3a",
        blush="#d9584a",
        lips="#b03a4c",
        hair=Hair(
            colour="#57302a",
            shade="#37191a",
            back=circles(
                (
                    (128, 62, 44),
                    (80, 60, 42),
                    (176, 60, 42),
                    (52, 98, 38),
                    (204, 98, 38),
                    (46, 142, 34),
                    (210, 142, 34),
                    (58, 180, 28),
                    (198, 180, 28),
                    (128, 120, 72),
                )
            ),
            front=circles(
                (
                    (128, 48, 25),
                    (98, 52, 25),
                    (158, 52, 25),
                    (70, 70, 24),
                    (186, 70, 24),
                    (54, 102, 21),
                    (202, 102, 21),
                    (50, 134, 16),
                    (206, 134, 16),
                )
            ),
            shine=circles(((104, 44, 9), (150, 42, 9), (70, 66, 8), (184, 64, 8))),
        ),
        brow="#3a1c18",
        brow_thickness=9.0,
        iris="#7a4a24",
        iris_shade="#3a1d0c",
        cheek_width=71.0,
        jaw_width=48.0,
        chin=80.0,
        lip_thickness=7.5,
        lashes=10.0,
        eye_size=1.05,
        ear=0.0,
        top="#e0564f",
        top_shade="#ad3640",
        collar="#f58a6c",
        jewel="#ffcf4d",
    ),
    "emil": Look(
        skin="#ffe3d0",
        skin_shade="#e8ab90",
        blush="#ff8a7c",
        lips="#d2736c",
        hair=Hair(
            colour="#f0c65a",
            shade="#c8933a",
            back="M128 26C70 24 48 66 54 122L202 122C208 66 186 24 128 26Z",
            front="M56 134C44 104 40 72 54 54C48 50 46 46 46 40C56 44 64 40 72 36C76 26 84 20 92 16C92 22 96 24 102 24"
            "C126 10 176 14 196 42C202 42 208 40 212 36C212 46 210 54 208 62C214 86 210 112 200 134"
            "C194 116 191 100 188 86C182 84 176 80 172 72C166 80 156 84 148 84C144 80 140 76 140 68"
            "C130 80 116 86 104 86C104 80 102 76 102 70C92 82 78 88 66 90C64 102 62 120 56 134Z",
            shine="M84 42C108 30 156 30 180 48C188 58 178 62 170 56C148 44 116 44 92 52C82 54 76 48 84 42Z",
        ),
        brow="#b9822f",
        brow_thickness=10.0,
        iris="#3f8fd6",
        iris_shade="#1c4f8a",
        cheek_width=66.0,
        jaw_width=46.0,
        chin=87.0,
        lip_thickness=4.5,
        lashes=0.0,
        ear=18.0,
        top="#4c9a5b",
        top_shade="#2f6e42",
        collar="#7cc086",
    ),
    "fumi": Look(
        skin="#ffe0bd",
        skin_shade="#e5ac80",
        blush="#ff7f86",
        lips="#dd4f6a",
        hair=Hair(
            colour="#342c4f",
            shade="#1f1933",
            back=circles(((70, 42, 30), (186, 42, 30)))
            + "M128 24C66 22 34 62 36 122C36 150 32 176 40 196C60 204 80 200 92 190L164 190C176 200 196 204 216 196"
            "C224 176 220 150 220 122C222 62 190 22 128 24Z",
            front="M42 172C34 130 36 74 70 46C100 24 156 24 186 46C220 74 222 130 214 172C204 164 199 146 197 126"
            "C196 108 194 96 188 74C170 79 148 79 128 75C108 79 86 79 68 74C62 96 60 108 59 126"
            "C57 146 52 164 42 172Z",
            shine="M76 60C104 44 152 44 180 60C188 68 180 74 172 70C148 58 108 58 84 70C76 74 68 68 76 60Z",
        ),
        brow="#6b58a0",
        brow_thickness=8.5,
        iris="#6a4a3a",
        iris_shade="#2c1a18",
        cheek_width=73.0,
        jaw_width=52.0,
        chin=76.0,
        lip_thickness=5.5,
        lashes=9.0,
        ear=0.0,
        top="#9a7bd0",
        top_shade="#6f52a6",
        collar="#efe4ff",
        glasses=Glasses("#e8485f", 0.15),
    ),
}

CHARACTERS = tuple(LOOKS)
