package mask

import (
	"strconv"
	"strings"
)

func at(n string, i int) int { return int(n[i] - '0') }

// weighted sums the digits of n, each times its weight.
func weighted(n string, weights ...int) (sum int) {
	for i, w := range weights {
		sum += at(n, i) * w
	}
	return sum
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func oneDigitOnly(n string) bool { return strings.Count(n, n[:1]) == len(n) }

func validSSN(n string) bool {
	area := number(n[:3])
	return area != 0 && area != 666 && area < 900 && n[3:5] != "00" && n[5:] != "0000"
}

func validNINO(n string) bool { return !strings.Contains("BG GB NK KN TN NT ZZ", n[:2]) }

// validTaxID checks a German tax number: one digit occurs twice or three times
// among the first ten, and the last one follows from them.
func validTaxID(n string) bool {
	var count [10]int
	for i := range 10 {
		count[at(n, i)]++
	}
	repeated := 0
	for _, c := range count {
		if c > 3 {
			return false
		}
		if c > 1 {
			repeated++
		}
	}
	product := 10
	for i := range 10 {
		sum := (at(n, i) + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return repeated == 1 && (11-product)%10 == at(n, 10)
}

func validNIR(n string) bool {
	body := strings.NewReplacer("A", "0", "B", "0").Replace(n[:13])
	v := number(body)
	switch n[6] { // Corsica
	case 'A':
		v -= 1000000
	case 'B':
		v -= 2000000
	}
	return v >= 0 && 97-v%97 == number(n[13:])
}

func validDNI(n string) bool {
	digits := strings.NewReplacer("X", "0", "Y", "1", "Z", "2").Replace(n[:1]) + n[1:len(n)-1]
	v := number(digits)
	return v >= 0 && "TRWAGMYFPDXBNJZSQVHLCKE"[v%23] == n[len(n)-1]
}

func validFiscalCode(n string) bool {
	if len(n) != 16 {
		return false
	}
	values := [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i := range 15 {
		c := int(n[i] - 'A')
		if n[i] <= '9' {
			c = at(n, i)
		}
		if i%2 == 0 {
			sum += values[c]
		} else {
			sum += c
		}
	}
	return byte('A'+sum%26) == n[15]
}

func validBSN(n string) bool {
	return !oneDigitOnly(n) && weighted(n, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
}

func validPESEL(n string) bool {
	month, day := number(n[2:4]), number(n[4:6])
	return month%20 >= 1 && month%20 <= 12 && day >= 1 && day <= 31 && weighted(n, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

func validCPF(n string) bool {
	check := func(length int) int {
		sum := 0
		for i := range length {
			sum += at(n, i) * (length + 1 - i)
		}
		return sum * 10 % 11 % 10
	}
	return !oneDigitOnly(n) && check(9) == at(n, 9) && check(10) == at(n, 10)
}

// verhoeff checks a number by the dihedral group of ten.
func verhoeff(n string) bool {
	check := 0
	for i := range len(n) {
		d := at(n, len(n)-1-i)
		for range i % 8 {
			d = int("1576283094"[d] - '0')
		}
		check = dihedral(check, d)
	}
	return check == 0
}

// dihedral multiplies in the group of the turns and flips of a pentagon.
func dihedral(a, b int) int {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return (a+b-5)%5 + 5
	case b < 5:
		return (a-5-b+5)%5 + 5
	default:
		return (a - b + 5) % 5
	}
}

func validEAN(n string) bool {
	return weighted(n, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1)%10 == 0
}

func validPersonnummer(n string) bool {
	n = n[len(n)-10:]
	month, day := number(n[2:4]), number(n[4:6])
	return month >= 1 && month <= 12 && day%60 >= 1 && day%60 <= 31 && luhn(n)
}

func validRijksregister(n string) bool {
	check := number(n[9:])
	return 97-number(n[:9])%97 == check || 97-number("2"+n[:9])%97 == check
}

func validNIF(n string) bool {
	rest := weighted(n, 9, 8, 7, 6, 5, 4, 3, 2) % 11
	if rest < 2 {
		rest = 11
	}
	return 11-rest == at(n, 8)
}

func validResident(n string) bool {
	year, month, day := number(n[6:10]), number(n[10:12]), number(n[12:14])
	sum := weighted(n, 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
	return year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && "10X98765432"[sum%11] == n[17]
}
