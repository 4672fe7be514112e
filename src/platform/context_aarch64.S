/* SPDX-License-Identifier: MIT */
/*
 * Context switch for aarch64, AAPCS64: see platform/context.h.
 *
 * What lies at a saved stack pointer, upwards (176 bytes): x19 to x28, x29, x30, d8 to d15, fpcr.
 */
	.text

/* Save what must be preserved, and change the stack. */
	.macro	CHANGE_STACK
	sub	sp, sp, #176
	.cfi_adjust_cfa_offset 176
	stp	x19, x20, [sp]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	.cfi_rel_offset x29, 80
	.cfi_rel_offset x30, 88
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mrs	x9, fpcr
	str	x9, [sp, #160]

	mov	x9, sp
	str	x9, [x0]
	ldr	x9, [x1]
	mov	sp, x9

	ldr	x9, [sp, #160]
	msr	fpcr, x9
	ldp	d14, d15, [sp, #144]
	ldp	d12, d13, [sp, #128]
	ldp	d10, d11, [sp, #112]
	ldp	d8, d9, [sp, #96]
	ldp	x29, x30, [sp, #80]
	ldp	x27, x28, [sp, #64]
	ldp	x25, x26, [sp, #48]
	ldp	x23, x24, [sp, #32]
	ldp	x21, x22, [sp, #16]
	ldp	x19, x20, [sp]
	add	sp, sp, #176
	.cfi_adjust_cfa_offset -176
	.endm

	.globl	wok__context_switch
	.hidden	wok__context_switch
	.type	wok__context_switch, %function
	.p2align 4
wok__context_switch:
	.cfi_startproc
	hint	#34
	CHANGE_STACK
	mov	x16, x30
	br	x16
	.cfi_endproc
	.size	wok__context_switch, .-wok__context_switch

	.globl	wok__context_swap
	.hidden	wok__context_swap
	.type	wok__context_swap, %function
	.p2align 4
wok__context_swap:
	.cfi_startproc
	hint	#34
	CHANGE_STACK
	ret
	.cfi_endproc
	.size	wok__context_swap, .-wok__context_swap

/* Where a new context begins: x19 holds the function, x20 its argument. Backtraces end here. */
	.globl	wok__context_start
	.hidden	wok__context_start
	.type	wok__context_start, %function
	.p2align 4
wok__context_start:
	.cfi_startproc
	.cfi_undefined x30
	hint	#36
	mov	x0, x20
	blr	x19
	brk	#1
	.cfi_endproc
	.size	wok__context_start, .-wok__context_start

	.section .note.GNU-stack, "", %progbits
