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

// func sum32(out *float32, weights *int8, stride int, rows *uint32, values *float32, n int)
TEXT ·sum32(SB), NOSPLIT, $0-48
	MOVQ out+0(FP), DI
	MOVQ weights+8(FP), SI
	MOVQ stride+16(FP), DX
	MOVQ rows+24(FP), R8
	MOVQ values+32(FP), R9
	MOVQ n+40(FP), CX
	VMOVUPS (DI), Y0
	VMOVUPS 32(DI), Y1
	VMOVUPS 64(DI), Y2
	VMOVUPS 96(DI), Y3
	TESTQ CX, CX
	JLE done

loop:
	MOVL (R8), AX
	IMULQ DX, AX
	VBROADCASTSS (R9), Y8
	VPMOVSXBD (SI)(AX*1), Y4
	VPMOVSXBD 8(SI)(AX*1), Y5
	VPMOVSXBD 16(SI)(AX*1), Y6
	VPMOVSXBD 24(SI)(AX*1), Y7
	VCVTDQ2PS Y4, Y4
	VCVTDQ2PS Y5, Y5
	VCVTDQ2PS Y6, Y6
	VCVTDQ2PS Y7, Y7
	VMULPS Y8, Y4, Y4
	VMULPS Y8, Y5, Y5
	VMULPS Y8, Y6, Y6
	VMULPS Y8, Y7, Y7
	VADDPS Y4, Y0, Y0
	VADDPS Y5, Y1, Y1
	VADDPS Y6, Y2, Y2
	VADDPS Y7, Y3, Y3
	ADDQ $4, R8
	ADDQ $4, R9
	DECQ CX
	JNZ loop

done:
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	VZEROUPPER
	RET
