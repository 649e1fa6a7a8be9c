// Which samples of a batch count for a tile of a weight's gradient: those whose inputs there are not all zero.  At the
// edges of images, and in one-hot columns, most are.  What is left out is a sum of zeros.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "gemm.hpp"

namespace cr {
inline namespace CR_ISA {

class Samples {
 public:
  struct List {
    const std::uint32_t* rows;
    std::size_t count;
  };

  // For batches of so many rows.  Without columns all samples count everywhere.
  void prepare(std::size_t rows, std::size_t columns) {
    rows_ = rows;
    tiles_ = columns / kPanel * kTiles + (columns % kPanel + kTileRows - 1) / kTileRows;
    counts_.resize(panels_of(columns) * kTiles);
    lists_.resize(counts_.size() * rows);
    looks_ = columns > 0;
  }

  // Looks at a batch: rows `index` of `numbers`.  Where hardly anything is zero, later batches are not looked at.
  template <class N>
  void look(const N* numbers, std::size_t columns, const std::int64_t* index) {
    if (!looks_) return;
    std::fill(counts_.begin(), counts_.end(), 0u);
    for (std::uint32_t r = 0; r < rows_; ++r) {
      const N* row = numbers + static_cast<std::size_t>(index[r]) * columns;
      std::size_t tile = 0;
      for (std::size_t first = 0; first < columns; first += kPanel) {
        const std::size_t width = std::min(kPanel, columns - first);
        std::size_t c = 0;
        for (; c + kTileRows <= width; c += kTileRows) note(tile++, r, any_bits(row + first + c));
        if (c < width) note(tile++, r, std::any_of(row + first + c, row + first + width, [](N v) { return v != 0; }));
        tile = round_up(tile, kTiles);
      }
    }
    const std::size_t kept = std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
    looks_ = 8 * kept < 7 * tiles_ * rows_;
  }

  std::size_t rows() const { return rows_; }
  bool all_count() const { return !looks_; }
  // If not: those for the tile of a panel that begins with this column.
  List at(std::size_t panel, std::size_t column) const {
    const std::size_t tile = panel * kTiles + column / kTileRows;
    return {lists_.data() + tile * rows_, counts_[tile]};
  }

 private:
  static constexpr std::size_t kTiles = (kPanel + kTileRows - 1) / kTileRows;  // of a panel

  void note(std::size_t tile, std::uint32_t row, bool counts) {
    lists_[tile * rows_ + counts_[tile]] = row;
    counts_[tile] += counts;
  }

  // Whether any bit of a tile's numbers is set; of the zeros only -0 has one, which does no harm.
  template <class N>
  static bool any_bits(const N* numbers) {
    constexpr std::size_t bytes = kTileRows * sizeof(N);
    std::uint64_t all = 0;
#pragma GCC unroll 8
    for (std::size_t at = 0; at < bytes; at += sizeof all) {
      std::uint64_t some = 0;
      std::memcpy(&some, reinterpret_cast<const char*>(numbers) + at, std::min(sizeof some, bytes - at));
      all |= some;
    }
    return all != 0;
  }

  bool looks_ = false;
  std::size_t rows_ = 0, tiles_ = 0;
  std::vector<std::uint32_t> counts_, lists_;
};

}  // namespace CR_ISA
}  // namespace cr
