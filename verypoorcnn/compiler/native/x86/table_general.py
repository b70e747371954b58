"""The general instructions, one line each.  How to read a line stands in `lines`.

Families: <alu> n is 0 add, 1 or, 2 adc, 3 sbb, 4 and, 5 sub, 6 xor, 7 cmp; <shift> 0 rol, 1 ror,
4 shl, 5 shr, 7 sar; <cc> 0 o, 1 no, 2 b, … 15 g, the sixteen conditions.
"""

# name         sizes operands    roles  kind prefix map W opcode extension
GENERAL_TABLE = """
mov            b     r,r         MR     L  -   -    -  88
mov            wdq   r,r         MR     L  -   -    -  89
mov            b     m,r         MR     L  -   -    -  88
mov            wdq   m,r         MR     L  -   -    -  89
mov            b     r,m         RM     L  -   -    -  8A
mov            wdq   r,m         RM     L  -   -    -  8B
mov            q     r|m,i32     MI     L  -   -    -  C7 /0
mov            d     r,u32       OI     L  -   -    -  B8
mov            q     r,i64       OI     L  -   -    -  B8
mov            d     m,i32       MI     L  -   -    -  C7 /0
mov            w     m,i16       MI     L  -   -    -  C7 /0
mov            b     m,i8        MI     L  -   -    -  C6 /0
movzx          dq    r,r8|M8     RM     L  -   0F   -  B6
movzx          dq    r,r16|M16   RM     L  -   0F   -  B7
movsx          dq    r,r8|M8     RM     L  -   0F   -  BE
movsx          dq    r,r16|M16   RM     L  -   0F   -  BF
movsxd         q     r,r32|m32   RM     L  -   -    -  63
lea            dq    r,a         RM     L  -   -    -  8D
<alu>          dq    r,r         MR     L  -   -    -  01+8n
<alu>          dq    m,r         MR     L  -   -    -  01+8n
<alu>          dq    r,m         RM     L  -   -    -  03+8n
<alu>          qd    r|m,i8      MI     L  -   -    -  83 /n
<alu>          qd    r|m,i32     MI     L  -   -    -  81 /n
<shift>        qd    r|m,u8      MI     L  -   -    -  C1 /n
<shift>        qd    r|m,cl      MC     L  -   -    -  D3 /n
test           dq    r|m,r       MR     L  -   -    -  85
test           qd    r|m,i32     MI     L  -   -    -  F7 /0
not            qd    r|m         M      L  -   -    -  F7 /2
neg            qd    r|m         M      L  -   -    -  F7 /3
mul            qd    r|m         M      L  -   -    -  F7 /4
div            qd    r|m         M      L  -   -    -  F7 /6
imul           qd    r|m         M      L  -   -    -  F7 /5
imul           dq    r,r|m       RM     L  -   0F   -  AF
imul           dq    r,r|m,i8    RMI    L  -   -    -  6B
imul           dq    r,r|m,i32   RMI    L  -   -    -  69
inc            qd    r|m         M      L  -   -    -  FF /0
dec            qd    r|m         M      L  -   -    -  FF /1
bt             qd    r|m,u8      MI     L  -   0F   -  BA /4
bt             dq    r,r         MR     L  -   0F   -  A3
popcnt         dq    r,r|m       RM     L  F3  0F   -  B8
xadd           dq    m,r         MR     L  -   0F   -  C1
xchg           dq    m,r         MR     L  -   -    -  87
push           -     r64         O      L  -   -    -  50
pop            -     r64         O      L  -   -    -  58
call           -     r64|m64     M      L  -   -    -  FF /2
call           -     l32         D      L  -   -    -  E8
jmp            -     r64|m64     M      L  -   -    -  FF /4
jmp            -     l8          D      L  -   -    -  EB
jmp            -     l32         D      L  -   -    -  E9
j<cc>          -     l8          D      L  -   -    -  70+n
j<cc>          -     l32         D      L  -   0F   -  80+n
set<cc>        b     r|m         M      L  -   0F   -  90+n
cmov<cc>       dq    r,r|m       RM     L  -   0F   -  40+n
ret            -     -           -      L  -   -    -  C3
nop            -     -           -      L  -   -    -  90
int3           -     -           -      L  -   -    -  CC
ud2            -     -           -      L  -   0F   -  0B
cpuid          -     -           -      L  -   0F   -  A2
rdtsc          -     -           -      L  -   0F   -  31
xgetbv         -     -           -      L  -   0F   -  01 D0
mfence         -     -           -      L  -   0F   -  AE F0
pause          -     -           -      L  F3  -    -  90
prefetcht0     -     m8          M      L  -   0F   -  18 /1
prefetchw      -     m8          M      L  -   0F   -  0D /1
ldmxcsr        -     m32         M      L  -   0F   -  AE /2
stmxcsr        -     m32         M      L  -   0F   -  AE /3
mulx           dq    r,r,r|m     RVM    V  F2  0F38 -  F6
rorx           dq    r,r|m,u8    RMI    V  F2  0F3A -  F0
shlx           dq    r,r|m,r     RMV    V  66  0F38 -  F7
shrx           dq    r,r|m,r     RMV    V  F2  0F38 -  F7
sarx           dq    r,r|m,r     RMV    V  F3  0F38 -  F7
andn           dq    r,r,r|m     RVM    V  -   0F38 -  F2
"""
