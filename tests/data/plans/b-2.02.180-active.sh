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

# Way b
# VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 comes back as lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 first.

# 1. Keep label and metadata of /dev/disk/by-id/scsi-3600a098038304437: 11.0 MiB from byte 0 (writes: case)
mkdir --parents -- /var/lib/lvtui/case-8a11/plans/01/evidence
dd if=/dev/disk/by-id/scsi-3600a098038304437 of=/var/lib/lvtui/case-8a11/plans/01/evidence/pv0-head.bin bs=1048576 skip=0 seek=0 count=11 iflag=fullblock conv=fsync status=none
sha256sum /var/lib/lvtui/case-8a11/plans/01/evidence/pv0-head.bin

# 2. Keep label and metadata of /dev/disk/by-id/scsi-3600a098038304437: 10.0 MiB from byte 67108864 (writes: case)
mkdir --parents -- /var/lib/lvtui/case-8a11/plans/01/evidence
dd if=/dev/disk/by-id/scsi-3600a098038304437 of=/var/lib/lvtui/case-8a11/plans/01/evidence/pv0-area-67108864.bin bs=2097152 skip=32 seek=0 count=5 iflag=fullblock conv=fsync status=none
sha256sum /var/lib/lvtui/case-8a11/plans/01/evidence/pv0-area-67108864.bin

# 3. Keep 4.0 MiB of content: VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-at-0 (writes: case)
mkdir --parents -- /var/lib/lvtui/case-8a11/plans/01/evidence
dd if=/dev/disk/by-id/scsi-3600a098038304437 of=/var/lib/lvtui/case-8a11/plans/01/evidence/VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-at-0.bin bs=1048576 skip=15 seek=0 count=4 iflag=fullblock conv=fsync status=none
sha256sum /var/lib/lvtui/case-8a11/plans/01/evidence/VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-at-0.bin

# 4. Keep LVM's own backup file of the group (writes: case)
mkdir --parents -- /var/lib/lvtui/case-8a11/plans/01/evidence
if [ -e /etc/lvm/backup/VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 ]; then cp --preserve -- /etc/lvm/backup/VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 /var/lib/lvtui/case-8a11/plans/01/evidence/lvm-backup; fi

# 5. Keep xapi's database (writes: case)
xe pool-dump-database file-name=/var/lib/lvtui/case-8a11/plans/01/evidence/xapi.db </dev/null

# 6. The text that LVM is given (writes: case)
echo '0000000000000000000000000000000000000000000000000000000000000005  /var/lib/lvtui/case-8a11/plans/01/merged.vg' | sha256sum --check --quiet

# 7. Rehearse: LVM reads and checks the text, and writes nothing (reads: nothing)
same /dev/disk/by-id/scsi-3600a098038304437 4096 11530240 0000000000000000000000000000000000000000000000000000000000000000 || stop the metadata on /dev/disk/by-id/scsi-3600a098038304437 changed
answer=$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
printf '%s\n' "$answer" | grep -Eq '^ *TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,5 *$' || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
vgcfgrestore --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 0 }' --test --yes --file /var/lib/lvtui/case-8a11/plans/01/merged.vg VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null

# 8. Restore the merged metadata (writes: source)
same /dev/disk/by-id/scsi-3600a098038304437 4096 11530240 0000000000000000000000000000000000000000000000000000000000000000 || stop the metadata on /dev/disk/by-id/scsi-3600a098038304437 changed
answer=$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
printf '%s\n' "$answer" | grep -Eq '^ *TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,5 *$' || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
vgcfgrestore --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 0 }' --yes --file /var/lib/lvtui/case-8a11/plans/01/merged.vg VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null

# 9. Read every metadata area again: version 6, the volumes in it, and nothing else changed (reads: nothing)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 ] || stop the group is not at version 6

# 10. Show lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 as LVM sees it (reads: nothing)
answer=$(lvdisplay --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191/lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 </dev/null)
printf '%s\n' "$answer"
printf '%s\n' "$answer" | grep -Fq lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 || stop 'Show lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 as LVM sees it'

# 11. Activate lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 (writes: kernel)
lvchange --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "a|^/dev/sdc$|", "r|.*|" ] } global { metadata_read_only = 1 }' --activate y VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191/lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 </dev/null
