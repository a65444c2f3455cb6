#!/bin/bash
# Written by lvtui; needs dd, sha256sum, flock and LVM only. Stops at the first surprise.
# Check the device paths: letters change between boots.
set -eu
export LC_ALL=C
if [ -d /etc/lvm/master ]; then export LVM_SYSTEM_DIR=/etc/lvm/master; fi
umask 077
stop() { echo "STOP: $*" >&2; exit 4; }
# same PATH OFFSET LENGTH SHA256: whether these bytes are there
same() {
  dd if="$1" iflag=nocache count=0 status=none || true
  set -- "$4" "$(tail -c +$(($2 + 1)) -- "$1" | head -c "$3" | sha256sum)"
  [ "$1  -" = "$2" ]
}

# Way undo
# VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 comes back as lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 first.

# 1. Keep the metadata area of /dev/disk/by-id/scsi-3600a098038304437 as it is now (writes: case)
mkdir --parents -- /var/lib/lvtui/case-8a11/plans/01/evidence
dd if=/dev/disk/by-id/scsi-3600a098038304437 of=/var/lib/lvtui/case-8a11/plans/01/evidence/area0.bin bs=4096 skip=1 seek=0 count=2815 iflag=fullblock conv=fsync status=none
sha256sum /var/lib/lvtui/case-8a11/plans/01/evidence/area0.bin

# 2. Keep LVM's own backup file of the group (writes: case)
mkdir --parents -- /var/lib/lvtui/case-8a11/plans/01/evidence
if [ -e /etc/lvm/backup/VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 ]; then cp --preserve -- /etc/lvm/backup/VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 /var/lib/lvtui/case-8a11/plans/01/evidence/lvm-backup; fi

# 3. Write 512 B back to /dev/disk/by-id/scsi-3600a098038304437 at byte 4096 (writes: source)
exec 9>>/run/lock/lvm/V_VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191; flock --timeout 60 9
same /dev/disk/by-id/scsi-3600a098038304437 4096 512 346f6e35319b2858f297bc5fe7b75fc62d333baffe713f55d860f6ec1d295a32 || stop /dev/disk/by-id/scsi-3600a098038304437 changed at byte 4096
echo '57e8178e8014d11882dcd22a2dfcddce2f17cab1eef2c2e2cc460a55c7a49352  /var/lib/lvtui/case-8a11/plans/01/area0-4096.new' | sha256sum --check --quiet
dd if=/var/lib/lvtui/case-8a11/plans/01/area0-4096.new of=/dev/disk/by-id/scsi-3600a098038304437 bs=512 skip=0 seek=8 count=1 conv=notrunc,fsync status=none
same /dev/disk/by-id/scsi-3600a098038304437 4096 512 57e8178e8014d11882dcd22a2dfcddce2f17cab1eef2c2e2cc460a55c7a49352 || stop /dev/disk/by-id/scsi-3600a098038304437 reads back otherwise at byte 4096
exec 9>&-

# 4. Write 1.5 KiB back to /dev/disk/by-id/scsi-3600a098038304437 at byte 6656 (writes: source)
exec 9>>/run/lock/lvm/V_VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191; flock --timeout 60 9
same /dev/disk/by-id/scsi-3600a098038304437 6656 1536 b015a3f0892040bb9d18cb45a6dbd583b832af79ce13c5d177db9447a44b01c4 || stop /dev/disk/by-id/scsi-3600a098038304437 changed at byte 6656
echo '80422bc3d307b4a25bdafcc84ac7fb01cb55a09810e8b0f37bb12e0edb5c48ca  /var/lib/lvtui/case-8a11/plans/01/area0-6656.new' | sha256sum --check --quiet
dd if=/var/lib/lvtui/case-8a11/plans/01/area0-6656.new of=/dev/disk/by-id/scsi-3600a098038304437 bs=512 skip=0 seek=13 count=3 conv=notrunc,fsync status=none
same /dev/disk/by-id/scsi-3600a098038304437 6656 1536 80422bc3d307b4a25bdafcc84ac7fb01cb55a09810e8b0f37bb12e0edb5c48ca || stop /dev/disk/by-id/scsi-3600a098038304437 reads back otherwise at byte 6656
exec 9>&-

# 5. Every metadata area holds the old bytes (reads: nothing)
same /dev/disk/by-id/scsi-3600a098038304437 4096 11530240 43e3f69ba668b997ddd69e27d6b62ac71001c7c1de882bf3f215bde95c6f2498 || stop /dev/disk/by-id/scsi-3600a098038304437 changed at byte 4096

# 6. LVM's backup file of the group as it was (writes: case)
echo '68c656755a2986a69189feaa015799fa1eb8bba7fddde88d536c39e64a0978b6  /var/lib/lvtui/case-8a11/plans/01/evidence/lvm-backup' | sha256sum --check --quiet
cp -- /var/lib/lvtui/case-8a11/plans/01/evidence/lvm-backup /etc/lvm/backup/VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191
