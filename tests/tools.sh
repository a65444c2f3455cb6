#!/bin/sh
# What the tests need beside Python: installs it as root where apt-get is, else names it in one line.
PATH=$PATH:/usr/sbin:/sbin

# tool:package
tools="lvm:lvm2 ddrescue:gddrescue qemu-img:qemu-utils strace:strace tmux:tmux xz:xz-utils
    mke2fs:e2fsprogs debugfs:e2fsprogs losetup:mount unshare:util-linux sgdisk:gdisk mdadm:mdadm
    mkfs.vfat:dosfstools mkntfs:ntfs-3g gcc:gcc mkfs.xfs:xfsprogs genisoimage:genisoimage
    sfdisk:fdisk vhdiinfo:libvhdi-utils"

missing=
for pair in $tools; do
    command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
done
[ -e /usr/include/stdlib.h ] || missing="$missing libc6-dev"
ls /lib/*/liblvm2cmd.so.2.03 /usr/lib*/liblvm2cmd.so.2.03 >/dev/null 2>&1 || missing="$missing liblvm2cmd2.03"

if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    apt-get -qq install --no-install-recommends -y $missing >/dev/null 2>&1 ||
        { apt-get -qq update && apt-get -qq install --no-install-recommends -y $missing >/dev/null; } ||
        { echo "The tests need these packages, and apt-get could not install them:$missing" >&2; exit 1; }
elif [ -n "$missing" ]; then
    echo "The tests need these packages (Debian's names):$missing" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "The tests make real LVM2 disks on loop devices and need root: sudo make test" >&2
    exit 1
fi
if [ ! -e /dev/loop-control ]; then
    echo "The tests need loop devices, and here is no /dev/loop-control (modprobe loop; in a container: --privileged)" >&2
    exit 1
fi
