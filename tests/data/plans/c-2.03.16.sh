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

# Way c
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

# 6. Switch gc off for this SR (was: -) (writes: xapi)
xe sr-param-set uuid=a1744b5b-cc65-ac9a-390c-8cfacf2cc191 other-config:gc=false </dev/null

# 7. Switch auto-scan off for this SR (was: true) (writes: xapi)
xe sr-param-set uuid=a1744b5b-cc65-ac9a-390c-8cfacf2cc191 other-config:auto-scan=false </dev/null

# 8. End the collector's run on this SR (writes: xapi)
/opt/xensource/sm/cleanup.py -u a1744b5b-cc65-ac9a-390c-8cfacf2cc191 -a </dev/null

# 9. Take the storage manager's lock of this SR (writes: kernel)
lvtui _hold take /var/lock/sm/a1744b5b-cc65-ac9a-390c-8cfacf2cc191/sr /var/lib/lvtui/case-8a11/plans/01/sr-lock.held </dev/null

# 10. The text that LVM is given (writes: case)
echo '0000000000000000000000000000000000000000000000000000000000000005  /var/lib/lvtui/case-8a11/plans/01/merged.vg' | sha256sum --check --quiet

# 11. Rehearse: LVM reads and checks the text, and writes nothing (reads: nothing)
same /dev/disk/by-id/scsi-3600a098038304437 4096 11530240 0000000000000000000000000000000000000000000000000000000000000000 || stop the metadata on /dev/disk/by-id/scsi-3600a098038304437 changed
answer=$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
printf '%s\n' "$answer" | grep -Eq '^ *TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,5 *$' || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
answer=$(lvtui _hold check /var/lib/lvtui/case-8a11/plans/01/sr-lock.held) || stop 'the storage manager'"'"'s lock of this SR must be held'
vgcfgrestore --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 0 }' --test --file /var/lib/lvtui/case-8a11/plans/01/merged.vg VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null

# 12. Restore the merged metadata (writes: source)
same /dev/disk/by-id/scsi-3600a098038304437 4096 11530240 0000000000000000000000000000000000000000000000000000000000000000 || stop the metadata on /dev/disk/by-id/scsi-3600a098038304437 changed
answer=$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
printf '%s\n' "$answer" | grep -Eq '^ *TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,5 *$' || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 5'
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
answer=$(lvtui _hold check /var/lib/lvtui/case-8a11/plans/01/sr-lock.held) || stop 'the storage manager'"'"'s lock of this SR must be held'
vgcfgrestore --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 0 }' --file /var/lib/lvtui/case-8a11/plans/01/merged.vg VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null

# 13. Read every metadata area again: version 6, the volumes in it, and nothing else changed (reads: nothing)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 ] || stop the group is not at version 6

# 14. Deactivate lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 (writes: kernel)
lvchange --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --activate n VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191/lvtui-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89 </dev/null

# 15. VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89: clear hidden in the footer at its start (writes: source)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 ] || stop the group is not at version 6
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
answer=$(lvtui _hold check /var/lib/lvtui/case-8a11/plans/01/sr-lock.held) || stop 'the storage manager'"'"'s lock of this SR must be held'
exec 9>>/run/lock/lvm/V_VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191; flock --timeout 60 9
same /dev/disk/by-id/scsi-3600a098038304437 15728640 512 076a27c79e5ace2a3d47f9dd2e83e4ff6ea8872b3c2218f66c92b89b55f36560 || stop /dev/disk/by-id/scsi-3600a098038304437 changed at byte 15728640
echo '18694cb949c62b271a00a4d101e106073f7e93cfa7507123e3014411024dc2e4  /var/lib/lvtui/case-8a11/plans/01/VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-head.new' | sha256sum --check --quiet
dd if=/var/lib/lvtui/case-8a11/plans/01/VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-head.new of=/dev/disk/by-id/scsi-3600a098038304437 bs=512 skip=0 seek=30720 count=1 conv=notrunc,fsync status=none
same /dev/disk/by-id/scsi-3600a098038304437 15728640 512 18694cb949c62b271a00a4d101e106073f7e93cfa7507123e3014411024dc2e4 || stop /dev/disk/by-id/scsi-3600a098038304437 reads back otherwise at byte 15728640
exec 9>&-

# 16. VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89: the footer at its end, as at its start (writes: source)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 ] || stop the group is not at version 6
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
answer=$(lvtui _hold check /var/lib/lvtui/case-8a11/plans/01/sr-lock.held) || stop 'the storage manager'"'"'s lock of this SR must be held'
exec 9>>/run/lock/lvm/V_VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191; flock --timeout 60 9
same /dev/disk/by-id/scsi-3600a098038304437 71302656 512 076a27c79e5ace2a3d47f9dd2e83e4ff6ea8872b3c2218f66c92b89b55f36560 || stop /dev/disk/by-id/scsi-3600a098038304437 changed at byte 71302656
echo '448c75b8baab4585e8198bcb3fb12fc94ad29b6845e0df93a63f0b6bc344640b  /var/lib/lvtui/case-8a11/plans/01/VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-tail.new' | sha256sum --check --quiet
dd if=/var/lib/lvtui/case-8a11/plans/01/VHD-6bdf21c1-cc52-45d1-ab9e-56bd7aa9bc89-tail.new of=/dev/disk/by-id/scsi-3600a098038304437 bs=512 skip=0 seek=139263 count=1 conv=notrunc,fsync status=none
same /dev/disk/by-id/scsi-3600a098038304437 71302656 512 448c75b8baab4585e8198bcb3fb12fc94ad29b6845e0df93a63f0b6bc344640b || stop /dev/disk/by-id/scsi-3600a098038304437 reads back otherwise at byte 71302656
exec 9>&-

# 17. The text that LVM is given (writes: case)
echo '0000000000000000000000000000000000000000000000000000000000000006  /var/lib/lvtui/case-8a11/plans/01/merged.vg' | sha256sum --check --quiet

# 18. Rehearse: LVM reads and checks the text, and writes nothing (reads: nothing)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 ] || stop the group is not at version 6
answer=$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 6'
printf '%s\n' "$answer" | grep -Eq '^ *TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 *$' || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 6'
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
answer=$(lvtui _hold check /var/lib/lvtui/case-8a11/plans/01/sr-lock.held) || stop 'the storage manager'"'"'s lock of this SR must be held'
vgcfgrestore --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 0 }' --test --file /var/lib/lvtui/case-8a11/plans/01/merged.vg VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null

# 19. Restore the merged metadata (writes: source)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 ] || stop the group is not at version 6
answer=$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 6'
printf '%s\n' "$answer" | grep -Eq '^ *TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,6 *$' || stop 'LVM must see VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 at version 6'
answer=$(lvs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options lv_name,lv_attr VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191) || stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
printf '%s\n' "$answer" | grep -Eq ',.{5}[oX]' && stop 'no volume of VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 may be in use'
answer=$(lvtui _hold check /var/lib/lvtui/case-8a11/plans/01/sr-lock.held) || stop 'the storage manager'"'"'s lock of this SR must be held'
vgcfgrestore --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 0 }' --file /var/lib/lvtui/case-8a11/plans/01/merged.vg VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null

# 20. Read every metadata area again: version 7, the volumes in it, and nothing else changed (reads: nothing)
[ "$(vgs --config 'devices { filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] global_filter = [ "a|^/dev/disk/by-id/scsi-3600a098038304437$|", "r|.*|" ] use_devicesfile = 0 } global { metadata_read_only = 1 }' --noheadings --separator , --options vg_uuid,vg_seqno VG_XenStorage-a1744b5b-cc65-ac9a-390c-8cfacf2cc191 | tr -d ' ')" = TprMi6-z1OR-BGcz-uReP-if22-6122-tfu0zP,7 ] || stop the group is not at version 7

# 21. Give the storage manager's lock back (writes: kernel)
lvtui _hold drop /var/lib/lvtui/case-8a11/plans/01/sr-lock.held </dev/null

# 22. Put auto-scan back (to: true) (writes: xapi)
xe sr-param-set uuid=a1744b5b-cc65-ac9a-390c-8cfacf2cc191 other-config:auto-scan=true </dev/null

# 23. Put gc back (to: not set) (writes: xapi)
xe sr-param-remove uuid=a1744b5b-cc65-ac9a-390c-8cfacf2cc191 param-name=other-config param-key=gc </dev/null

# 24. Scan the SR: the disk is back under its old uuid (writes: xapi)
xe sr-scan uuid=a1744b5b-cc65-ac9a-390c-8cfacf2cc191 </dev/null
