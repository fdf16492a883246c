#!/usr/bin/env bash
# boot-menu.sh [ROOT]: makes GRUB's menu boot the newest kernel. In a container, update-grub does not run when a kernel is installed, so the menu
# of a cloud image would still name its original kernel, which may be removed.
set -euo pipefail
root=${1:-}
menu=$root/boot/grub/grub.cfg

# in a base of sip-proxy, the menu uses a link to the kernel
[[ -f $menu ]] && grep -q 'vmlinuz-' "$menu" || exit 0
newest=$(find "$root/boot" -maxdepth 1 -name 'vmlinuz-*' -printf '%f\n' | sort -V | tail -n 1)
named=$(grep -oE 'vmlinuz-[^[:space:]"'\'']+' "$menu" | sort -Vu)
if [[ -n $newest ]] && ! grep -qxF "$newest" <<<"$named"; then
	former=$(tail -n 1 <<<"$named")
	former=${former#vmlinuz-}
	sed -i "s/${former//./\\.}/${newest#vmlinuz-}/g" "$menu"
fi
