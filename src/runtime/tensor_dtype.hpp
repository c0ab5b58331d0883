// LibTorch's element types and their names in safetensors files.
#pragma once

#include <c10/core/ScalarType.h>

#include <array>
#include <string_view>
#include <utility>

namespace vit {

inline constexpr std::array<std::pair<std::string_view, at::ScalarType>, 17> kTensorDtypes{
    {{"F32", at::ScalarType::Float},
     {"F64", at::ScalarType::Double},
     {"F16", at::ScalarType::Half},
     {"BF16", at::ScalarType::BFloat16},
     {"I64", at::ScalarType::Long},
     {"I32", at::ScalarType::Int},
     {"I16", at::ScalarType::Short},
     {"I8", at::ScalarType::Char},
     {"U64", at::ScalarType::UInt64},
     {"U32", at::ScalarType::UInt32},
     {"U16", at::ScalarType::UInt16},
     {"U8", at::ScalarType::Byte},
     {"BOOL", at::ScalarType::Bool},
     {"C64", at::ScalarType::ComplexFloat},
     {"F8_E4M3", at::ScalarType::Float8_e4m3fn},
     {"F8_E5M2", at::ScalarType::Float8_e5m2},
     {"F8_E8M0", at::ScalarType::Float8_e8m0fnu}}};

}  // namespace vit
