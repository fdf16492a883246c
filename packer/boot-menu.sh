#!/usr/bin/env bash
# boot-menu.sh [ROOT]: GRUB's menu names the newest kernel. In a container update-grub is not run when a kernel is installed: the menu of a
# base that brings one would still name the kernel that the base came with, which may be gone.
set -euo pipefail
root=${1:-}
menu=$root/boot/grub/grub.cfg

# of a base that sip-proxy made, the menu names a link
[[ -f $menu ]] && grep -q 'vmlinuz-' "$menu" || exit 0
newest=$(find "$root/boot" -maxdepth 1 -name 'vmlinuz-*' -printf '%f\n' | sort -V | tail -n 1)
named=$(grep -oE 'vmlinuz-[^[:space:]"'\'']+' "$menu" | sort -Vu)
if [[ -n $newest ]] && ! grep -qxF "$newest" <<<"$named"; then
	former=$(tail -n 1 <<<"$named")
	former=${former#vmlinuz-}
	sed -i "s/${former//./\\.}/${newest#vmlinuz-}/g" "$menu"
fi
