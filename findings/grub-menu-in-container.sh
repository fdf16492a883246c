#!/bin/bash
# GRUB: a kernel that is installed in a container never comes into the menu, and nothing says so.
#
# Guess:     in a systemd-nspawn container of a cloud image (an image is baked so where there is no KVM), a new kernel's hooks run update-grub, as
#            they do in a chroot or on the machine; or the installation fails.
# Behaviour: grub2-common's hook of kernels ends with 0, without a word, where systemd-detect-virt says that it is in a container. The menu
#            goes on naming the kernel that the image came with; when that one is removed, the disk boots no more. In a chroot the same hook
#            calls update-grub. Write the menu anew yourself, or look whether every file that it names is there.
# Seen with: Debian 13: grub2-common 2.12-9+deb13u4, systemd 257.13.
# Output:    in a container: exit 0, it says '', update-grub called: no, the menu: linux /boot/vmlinuz-6.1.0-former
#            in a chroot: update-grub called: yes
#
# Needs root, mmdebstrap, systemd-nspawn and a Debian mirror. Exits 0 while it is so, 1 when it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

mmdebstrap --quiet --variant=apt --include=grub2-common,systemd trixie "$tree"
chroot "$tree" dpkg-query -W grub2-common systemd

# what a kernel's package calls when it is installed; update-grub itself would look for a disk that is not here
hooks='run-parts --exit-on-error --arg=6.12.1-amd64 --arg=/boot/vmlinuz-6.12.1-amd64 /etc/kernel/postinst.d'
mkdir -p "$tree/boot/grub"
echo 'linux /boot/vmlinuz-6.1.0-former' >"$tree/boot/grub/grub.cfg"
printf '#!/bin/sh\necho called >>/called\n' >"$tree/usr/local/sbin/update-grub"
chmod 755 "$tree/usr/local/sbin/update-grub"

code=0
said=$(systemd-nspawn --quiet --keep-unit --register=no --directory="$tree" /bin/sh -c "{ $hooks; } 2>&1" 2>/dev/null) || code=$?
called=no
[[ ! -e $tree/called ]] || called=yes
echo "in a container: exit $code, it says '$said', update-grub called: $called, the menu: $(<"$tree/boot/grub/grub.cfg")"
[[ $code == 0 && $called == no && -z $said ]] || exit 1

chroot "$tree" /bin/sh -c "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH; $hooks"
echo "in a chroot: update-grub called: $([[ -e $tree/called ]] && echo yes || echo no)"
[[ -e $tree/called ]] || exit 1
