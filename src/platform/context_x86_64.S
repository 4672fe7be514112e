/* SPDX-License-Identifier: MIT */
/*
 * Context switch for x86-64, System V ABI: see platform/context.h.
 *
 * What lies at a saved stack pointer, upwards: mxcsr and the x87 control word (8 bytes), r15, r14,
 * r13, r12, rbx, rbp, the address to go on at.
 */
	.text

/* Save what must be preserved, and change the stack. */
	.macro	CHANGE_STACK
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbp, 0
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r12, 0
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r13, 0
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r14, 0
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %r15, 0
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)

	movq	%rsp, (%rdi)
	movq	(%rsi), %rsp

	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	.endm

	.globl	wok__context_switch
	.hidden	wok__context_switch
	.type	wok__context_switch, @function
	.p2align 4
wok__context_switch:
	.cfi_startproc
	endbr64
	CHANGE_STACK
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	jmp	*%rcx
	.cfi_endproc
	.size	wok__context_switch, .-wok__context_switch

	.globl	wok__context_swap
	.hidden	wok__context_swap
	.type	wok__context_swap, @function
	.p2align 4
wok__context_swap:
	.cfi_startproc
	endbr64
	CHANGE_STACK
	ret
	.cfi_endproc
	.size	wok__context_swap, .-wok__context_swap

/* Where a new context begins: r12 holds the function, r13 its argument. Backtraces end here. */
	.globl	wok__context_start
	.hidden	wok__context_start
	.type	wok__context_start, @function
	.p2align 4
wok__context_start:
	.cfi_startproc
	.cfi_undefined %rip
	endbr64
	movq	%r13, %rdi
	callq	*%r12
	ud2
	.cfi_endproc
	.size	wok__context_start, .-wok__context_start

	.section .note.GNU-stack, "", @progbits
