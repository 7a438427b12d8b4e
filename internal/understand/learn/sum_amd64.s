#include "textflag.h"

// func sum8(out *float32, weights *int8, stride int, rows *uint32, values *float32, n int)
TEXT ·sum8(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ weights+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ rows+24(FP), R8
	MOVQ values+32(FP), R9
	MOVQ n+40(FP), CX
	VMOVUPS (DI), Y0
	TESTQ CX, CX
	JLE done

loop:
	MOVL (R8), AX
	IMULQ DX, AX
	VPMOVSXBD (SI)(AX*1), Y1
	VCVTDQ2PS Y1, Y1
	VBROADCASTSS (R9), Y2
	VMULPS Y2, Y1, Y1
	VADDPS Y1, Y0, Y0
	ADDQ $4, R8
	ADDQ $4, R9
	DECQ CX
	JNZ loop

done:
	VMOVUPS Y0, (DI)
	VZEROUPPER
	RET
