"""What the SR's volumes hold: ext4 in VHDs by qemu, in libvhd's manner, and raw; and the SR's life."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
import uuid as uuids
from pathlib import Path

from tests.lab import toolbox, vhdlab
from tests.lab.repository import Repository
from tests.lab.sandbox import LvmRefusedError
from tests.lab.toolbox import EXTENT_BYTES, MB

VHD_EPOCH = 946684800
FULL_TABLE = 1 << 20
"""On a real SR the table is made for 2 TiB, whatever the size of the disk."""
FULL_TABLE_HEAD = 4329472
CHURN = ("create", "create", "remove", "rename", "tag", "untag", "ro", "rw", "resize", "journal")
JOURNALS = ("inflate", "clone", "leaf", "relink")


def whole_extents_mb(size: int) -> int:
    """Rounded up to extents, in MiB."""
    return (size + EXTENT_BYTES - 1) // EXTENT_BYTES * 4


class GuestRepository(Repository):
    """A repository whose volumes have content."""

    def _env(self) -> dict[str, str]:
        now = str(self.box.now)
        return toolbox.tool_env(E2FSPROGS_FAKE_TIME=now, LAB_TIME=now)

    def mkfs(self, mb: int, files: int, title: str) -> tuple[bytes, dict[str, str]]:
        """An ext4 file system and the sha256 of each file in it."""
        folder = Path(tempfile.mkdtemp(dir=self.box.tmp))
        hashes = {}
        for i in range(files):
            name = f"doc-{i:02}.bin"
            data = self.rng.randbytes(self.rng.randint(2000, max(4000, mb * MB // (3 * files))))
            if i == 0:
                name, data = "README.txt", (f"This is {title}\n" * 40).encode()
            (folder / name).write_bytes(data)
            os.utime(folder / name, (self.box.now, self.box.now))
            hashes[name] = hashlib.sha256(data).hexdigest()
        image = folder.with_suffix(".raw")
        with image.open("wb") as f:
            f.truncate(mb * MB)
        uuid = str(uuids.UUID(int=self.rng.getrandbits(128)))
        argv = ["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-U", uuid]
        argv += ["-E", f"hash_seed={uuid},root_owner=0:0", "-b", "4096", str(image)]
        subprocess.run(argv, check=True, env=self._env(), stdin=subprocess.DEVNULL)
        # not mkfs -d: it copies the host inode's ctime and readdir order
        script = folder.with_suffix(".cmd")
        script.write_text("".join(f"write {folder}/{name} {name}\n" for name in sorted(hashes)))
        self._debugfs("-w", "-f", str(script), str(image))
        listed = self._debugfs("-R", "ls -p /", str(image))
        assert all(f"/{name}/" in listed for name in hashes), listed
        data = image.read_bytes()
        shutil.rmtree(folder)
        image.unlink()
        return data, hashes

    def _debugfs(self, *args: str) -> str:
        argv = ["debugfs", *args]
        done = subprocess.run(argv, check=True, env=self._env(), capture_output=True, text=True)
        return done.stdout

    def _vhd_by_qemu(self, raw: bytes, uuid: bytes) -> tuple[bytes, bytes]:
        source, made = self.box.tmp / "q.raw", self.box.tmp / "q.vhd"
        source.write_bytes(raw)
        argv = ["qemu-img", "convert", "-f", "raw", "-O", "vpc"]
        argv += ["-o", "subformat=dynamic,force_size=on", str(source), str(made)]
        subprocess.run(argv, check=True, env=self._env())
        data = made.read_bytes()
        footer = vhdlab.patch_footer(data[:512], uuid, hidden=False)
        return footer + data[512:-512], footer

    def _grown_child(self, parent_raw: bytes, vdi: str) -> tuple[bytes, str, str]:
        """The parent's disk with one more file: its bytes, the file's name and sha256."""
        disk, new = self.box.tmp / "child.raw", self.box.tmp / "new"
        disk.write_bytes(parent_raw)
        data = self.rng.randbytes(self.rng.randint(20000, 300000))
        new.write_bytes(data)
        name = f"child-{vdi[:4]}.bin"
        self._debugfs("-w", "-R", f"write {new} {name}", str(disk))
        return disk.read_bytes(), name, hashlib.sha256(data).hexdigest()

    def vhd_lv(
        self,
        mb: int,
        *,
        parent: str | None = None,
        pes: list[tuple[int, str]] | None = None,
        lv_mb: int | None = None,
        tags: tuple[str, ...] = (),
    ) -> str:
        """`VHD-<uuid>` with a dynamic VHD, or a differencing child; the footer in its last sector."""
        style = self.rng.choice(["qemu", "tap"])
        vdi = self.new_uuid()
        name = "VHD-" + vdi
        uuid = uuids.UUID(int=self.rng.getrandbits(128), version=4).bytes
        free_choice = pes is None and lv_mb is None
        table = FULL_TABLE if free_choice and self.rng2.random() < 0.5 else None
        time = self.box.now - VHD_EPOCH
        parent_name = None
        if parent:
            old = self.volumes[parent]
            files = dict(old.info["vhd"]["files"])
            raw, added, sha = self._grown_child(old.raw, vdi)
            files[added] = sha
            parent_name = self.name_of(parent) or old.info["name"]
            dashes = [part.replace("-", "--") for part in (self.vg, parent_name)]
            kin = vhdlab.Parent(
                raw=old.raw,
                uuid=bytes.fromhex(old.info["vhd"]["vhd_uuid"]),
                name="-".join(dashes),
                time=old.info["vhd"]["ts"],
            )
            body, footer = vhdlab.make(raw, uuid, time, kin, table=table)
            style = "tap"
            need = whole_extents_mb(len(body) + MB)
        else:
            raw, files = self.mkfs(mb, self.rng.randint(4, 9), name)
            need = whole_extents_mb(len(raw) + 3 * MB)
            if table:
                style = "sm"
                body, footer = vhdlab.make(raw, uuid, time, table=table)
                bitmaps = 4096 * (len(raw) // vhdlab.BLOCK)
                need = whole_extents_mb(len(raw) + FULL_TABLE_HEAD + bitmaps)
            elif style == "qemu":
                body, footer = self._vhd_by_qemu(raw, uuid)
            else:
                body, footer = vhdlab.make(raw, uuid, time)
        vhd = {
            "vhd_uuid": uuid.hex(),
            "style": style,
            "virtual_size": len(raw),
            "virtual_sha256": hashlib.sha256(raw).hexdigest(),
            "files": files,
            "type": 4 if parent else 3,
            "parent_lv_id": parent,
            "parent_name": parent_name,
            "ts": struct.unpack_from(">I", footer, 24)[0],
            "body_bytes": len(body),
        }
        size = lv_mb or max(need, whole_extents_mb(len(body) + 512))
        lid = self.lv(name, size, b"", pes, "vhd", vhd=vhd)
        if not lid:
            return ""
        self.volumes[lid].raw, self.volumes[lid].footer = raw, footer
        ranges = self.ranges(name)
        self.write(ranges, body)
        self.write_last(ranges, footer)
        self.name_vdi(lid, vdi)
        for tag in tags:
            self.lvm(f"lvchange --addtag {tag} {self.vg}/{name}")
        return lid

    def raw_lv(self, mb: int) -> str:
        """`LV-<uuid>`: a file system without a VHD round it."""
        raw, files = self.mkfs(mb, 5, "raw volume")
        vdi = self.new_uuid()
        lid = self.lv("LV-" + vdi, (mb + 3) // 4 * 4, raw, None, "raw")
        self.volumes[lid].info["files"] = files
        self.name_vdi(lid, vdi, "raw")
        return lid

    def filler(self, content_bytes: int = 0) -> str:
        """A small LV that takes room."""
        name = "VHD-" + self.new_uuid()
        return self.lv(name, 4, self.rng.randbytes(content_bytes), kind="filler")

    def inflate(self, lid: str, mb: int) -> None:
        """Resize to `mb` MiB and move the footer to the new end, as the storage manager does."""
        name = self.name_of(lid)
        assert name
        self.lvm(f"lvresize -f -y -L {mb}M {self.vg}/{name}")
        if self.volumes[lid].footer:
            self.write_last(self.ranges(name), self.volumes[lid].footer)

    # ---- life
    def churn(self, count: int, *, allocate: bool = True) -> None:
        """SR life: journals, snapshots that come and go, renames, tags, read-only flags, resizes."""
        for _ in range(count):
            verb = self.rng.choice(CHURN)
            alive = self.alive("churn")
            lid = self.rng.choice(alive) if alive else ""
            name = self.name_of(lid) if lid else None
            any_lid = self.rng.choice(self.alive("vhd", "churn", "raw") or [""])
            try:
                if verb in {"create", "journal", "resize"} and not allocate:
                    continue
                if verb in {"create", "journal"}:
                    self._churn_new(verb, len(alive))
                elif verb in {"remove", "rename", "resize"} and lid and name:
                    self._churn_old(verb, lid, name)
                elif verb in {"tag", "untag", "ro", "rw"} and any_lid:
                    self._churn_flags(verb, any_lid)
            except LvmRefusedError as refused:
                if not any(w in str(refused).lower() for w in ("insufficient", "free extents")):
                    raise

    def _churn_new(self, verb: str, alive: int) -> None:
        if verb == "create" and alive < 6:
            name, mb = "VHD-" + self.new_uuid(), 4 * self.rng.randint(1, 3)
            content = self.rng.randbytes(self.rng.randint(512, 60000))
            self.lv(name, mb, content, kind="churn")
        elif verb == "journal":
            kind, uuid = self.rng.choice(JOURNALS), self.new_uuid()
            name = f"{kind}_{uuid}_{self.rng.randint(1, 9)}"
            content = b"%d" % self.rng.randint(1, 1 << 30)
            lid = self.lv(name, 4, content, kind="journal")
            if lid:
                self.rm(lid)

    def _churn_old(self, verb: str, lid: str, name: str) -> None:
        if verb == "remove":
            self.rm(lid)
        elif verb == "rename":
            old = name.startswith("OLD_")
            new = "VHD-" + self.new_uuid() if old else "OLD_" + name
            self.lvm(f"lvrename {self.vg} {name} {new}")
        else:
            mb = 4 * self.rng.randint(1, 5)
            self.lvm(f"lvresize -f -y -L {mb}M {self.vg}/{name}", ok=False)

    def _churn_flags(self, verb: str, lid: str) -> None:
        if verb in {"tag", "untag"}:
            sign = "add" if verb == "tag" else "del"
            tag = self.rng.choice(["hidden", "xs-cache", f"t{self.rng.randint(0, 9)}"])
            self.lvm(f"lvchange --{sign}tag {tag} {self.path_of(lid)}", ok=False)
        else:
            self.lvm(f"lvchange -p{'r' if verb == 'ro' else 'rw'} {self.path_of(lid)}", ok=False)

    def calm(self, count: int = 4) -> None:
        """Life that takes no extents."""
        self.churn(count, allocate=False)
