#!/bin/bash
# GRUB: a kernel that is installed in a container never gets into the menu, and no message says so.
#
# Guess:     In a systemd-nspawn container of a cloud image (images are baked like this without KVM), the hooks of a new kernel run
#            update-grub, as in a chroot or on the machine itself; or the installation fails.
# Behaviour: If systemd-detect-virt reports a container, grub2-common's hook for kernels exits with 0 and prints nothing. The menu keeps the
#            image's original kernel; if that one is removed, the disk does not boot any more. In a chroot, the same hook calls update-grub.
#            Write the menu yourself, or check that all its files exist.
# Seen with: Debian 13: grub2-common 2.12-9+deb13u4, systemd 257.13.
# Output:    in a container: exit 0, it says '', update-grub called: no, the menu: linux /boot/vmlinuz-6.1.0-former
#            in a chroot: update-grub called: yes
#
# Needs root, mmdebstrap, systemd-nspawn and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

mmdebstrap --quiet --variant=apt --include=grub2-common,systemd trixie "$tree"
chroot "$tree" dpkg-query -W grub2-common systemd

# the hooks that a kernel's package runs at its installation; a stand-in replaces update-grub, which would look for a disk
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
