package amqp

// Constructors of the primitive types (part 1, section 1.6). The high nibble
// tells the width of what follows:
//
//	4x none   5x 1   6x 2   7x 4   8x 8   9x 16 bytes
//	Ax 1-byte size, bytes          Bx 4-byte size, bytes
//	Cx 1-byte size, 1-byte count   Dx 4-byte size, 4-byte count   (lists, maps)
//	Ex 1-byte size, 1-byte count   Fx 4-byte size, 4-byte count   (arrays)
const (
	ctorDescribed  = 0x00
	ctorNull       = 0x40
	ctorTrue       = 0x41
	ctorFalse      = 0x42
	ctorUint0      = 0x43
	ctorUlong0     = 0x44
	ctorList0      = 0x45
	ctorUbyte      = 0x50
	ctorByte       = 0x51
	ctorSmallUint  = 0x52
	ctorSmallUlong = 0x53
	ctorSmallInt   = 0x54
	ctorSmallLong  = 0x55
	ctorBool       = 0x56
	ctorUshort     = 0x60
	ctorShort      = 0x61
	ctorUint       = 0x70
	ctorInt        = 0x71
	ctorFloat      = 0x72
	ctorChar       = 0x73
	ctorDecimal32  = 0x74
	ctorUlong      = 0x80
	ctorLong       = 0x81
	ctorDouble     = 0x82
	ctorTimestamp  = 0x83
	ctorDecimal64  = 0x84
	ctorDecimal128 = 0x94
	ctorUUID       = 0x98
	ctorBinary8    = 0xa0
	ctorString8    = 0xa1
	ctorSymbol8    = 0xa3
	ctorBinary32   = 0xb0
	ctorString32   = 0xb1
	ctorSymbol32   = 0xb3
	ctorList8      = 0xc0
	ctorMap8       = 0xc1
	ctorList32     = 0xd0
	ctorMap32      = 0xd1
	ctorArray8     = 0xe0
	ctorArray32    = 0xf0
)

// Descriptors of the performatives, delivery states and termini, all of which
// have the domain 0 and fit one byte.
const (
	descOpen         = 0x10
	descBegin        = 0x11
	descAttach       = 0x12
	descFlow         = 0x13
	descTransfer     = 0x14
	descDisposition  = 0x15
	descDetach       = 0x16
	descEnd          = 0x17
	descClose        = 0x18
	descError        = 0x1d
	descReceived     = 0x23
	descAccepted     = 0x24
	descRejected     = 0x25
	descReleased     = 0x26
	descModified     = 0x27
	descSource       = 0x28
	descTarget       = 0x29
	descCoordinator  = 0x30
	descMechanisms   = 0x40
	descSASLInit     = 0x41
	descSASLOutcome  = 0x44
	descSASLResponse = 0x43
)

// descriptorCode resolves the symbolic form, which a peer may send instead of
// the number.
func descriptorCode(name Symbol) (byte, bool) {
	switch name {
	case "amqp:open:list":
		return descOpen, true
	case "amqp:begin:list":
		return descBegin, true
	case "amqp:attach:list":
		return descAttach, true
	case "amqp:flow:list":
		return descFlow, true
	case "amqp:transfer:list":
		return descTransfer, true
	case "amqp:disposition:list":
		return descDisposition, true
	case "amqp:detach:list":
		return descDetach, true
	case "amqp:end:list":
		return descEnd, true
	case "amqp:close:list":
		return descClose, true
	case "amqp:error:list":
		return descError, true
	case "amqp:received:list":
		return descReceived, true
	case "amqp:accepted:list":
		return descAccepted, true
	case "amqp:rejected:list":
		return descRejected, true
	case "amqp:released:list":
		return descReleased, true
	case "amqp:modified:list":
		return descModified, true
	case "amqp:source:list":
		return descSource, true
	case "amqp:target:list":
		return descTarget, true
	case "amqp:coordinator:list":
		return descCoordinator, true
	case "amqp:sasl-mechanisms:list":
		return descMechanisms, true
	case "amqp:sasl-init:list":
		return descSASLInit, true
	case "amqp:sasl-response:list":
		return descSASLResponse, true
	case "amqp:sasl-outcome:list":
		return descSASLOutcome, true
	case "amqp:header:list":
		return byte(SectionHeader), true
	case "amqp:delivery-annotations:map":
		return byte(SectionDeliveryAnnotations), true
	case "amqp:message-annotations:map":
		return byte(SectionMessageAnnotations), true
	case "amqp:properties:list":
		return byte(SectionProperties), true
	case "amqp:application-properties:map":
		return byte(SectionApplicationProperties), true
	case "amqp:data:binary":
		return byte(SectionData), true
	case "amqp:amqp-sequence:list":
		return byte(SectionSequence), true
	case "amqp:amqp-value:*":
		return byte(SectionValue), true
	case "amqp:footer:map":
		return byte(SectionFooter), true
	}
	return 0, false
}
